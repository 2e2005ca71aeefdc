import COpenBLAS

/// c = α · op(a) · op(b) + β · c for dense row-major float matrices, through OpenBLAS.
///
/// OpenBLAS runs on the calling thread alone; several threads take strips of rows whose height does not depend on their
/// number, so the result does not either.
package struct MatrixProduct: Sendable {
    package var rows: Int
    package var columns: Int
    package var depth: Int
    package var transposesA = false
    package var transposesB = false
    package var alpha: Float = 1
    package var beta: Float = 0

    private static let strip = 256

    package init(rows: Int, columns: Int, depth: Int) {
        self.rows = rows
        self.columns = columns
        self.depth = depth
    }

    /// The number of strips that `run(strip:)` takes.
    package var stripCount: Int { rows == 0 ? 0 : (rows - 1) / Self.strip + 1 }

    package func run(
        strip: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>
    ) {
        let begin = strip * Self.strip
        let height = min(Self.strip, rows - begin)
        guard height > 0, columns > 0 else { return }
        cblas_sgemm(
            CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans,
            blasint(height), blasint(columns), blasint(depth), alpha, a + begin * (transposesA ? 1 : depth),
            blasint(max(1, transposesA ? rows : depth)), b, blasint(max(1, transposesB ? depth : columns)), beta,
            c + begin * columns, blasint(columns))
    }
}
