import COpenBLAS
import Foundation

/// c = a · b, or c += a · b: a matrix product between rows that need not be dense. Strides are in elements between rows as
/// they lie in memory.
struct RecurrentProduct: Sendable {
    var rows: Int
    var columns: Int
    var depth: Int
    var aStride: Int
    var bStride: Int
    var cStride: Int
    var transposesA = false
    var transposesB = false

    /// Rows that a thread takes at a time, whatever the number of threads.
    private static let strip = 128

    /// On this thread, for the first `columns` columns.
    func run(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, to c: UnsafeMutablePointer<Float>, adds: Bool,
        columns: Int
    ) {
        multiply(a, b, c, adds: adds, rows: rows, columns: columns)
    }

    /// On several threads; which ones does not change the result.
    func run(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, to c: UnsafeMutablePointer<Float>, adds: Bool = false,
        threads: Int
    ) {
        parallelFor(rows == 0 ? 0 : (rows - 1) / Self.strip + 1, threads: threads) { strip in
            let begin = strip * Self.strip
            multiply(
                a + begin * (transposesA ? 1 : aStride), b, c + begin * cStride, adds: adds,
                rows: min(Self.strip, rows - begin), columns: columns)
        }
    }

    private func multiply(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, adds: Bool, rows: Int,
        columns: Int
    ) {
        guard rows > 0, columns > 0 else { return }
        cblas_sgemm(
            CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans,
            blasint(rows), blasint(columns), blasint(depth), 1, a, blasint(max(1, aStride)), b,
            blasint(max(1, bStride)), adds ? 1 : 0, c, blasint(max(1, cStride)))
    }
}
