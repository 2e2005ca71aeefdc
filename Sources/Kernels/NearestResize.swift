import Foundation

/// Resampling of channels-last images by copying pixels: output pixel (y, x) is input pixel (rows[y], columns[x]).
package struct NearestResize: Sendable {
    private let rows: [Int]
    private let columns: [Int]
    private let batch: Int
    private let inputHeight: Int
    private let inputWidth: Int
    private let pixelBytes: Int
    private let inputStride: Int
    private let outputStride: Int

    /// Pixels have `pixelBytes` bytes; neighbours are `inputStride` and `outputStride` bytes apart. Every row and column
    /// lies inside of the input.
    package init(
        batch: Int, inputHeight: Int, inputWidth: Int, rows: [Int], columns: [Int], pixelBytes: Int, inputStride: Int,
        outputStride: Int
    ) {
        precondition(rows.allSatisfy { (0..<inputHeight).contains($0) })
        precondition(columns.allSatisfy { (0..<inputWidth).contains($0) })
        self.rows = rows
        self.columns = columns
        self.batch = batch
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        self.pixelBytes = pixelBytes
        self.inputStride = inputStride
        self.outputStride = outputStride
    }

    package func run(input: UnsafeRawPointer, output: UnsafeMutableRawPointer, threads: Int) {
        let pixels = columns.count
        parallelRanges(batch * rows.count, unit: 1, minimum: 1, threads: threads) { range in
            for row in range {
                let (image, y) = row.quotientAndRemainder(dividingBy: rows.count)
                let from = input + (image * inputHeight + rows[y]) * inputWidth * inputStride
                var to = output + row * pixels * outputStride
                for column in columns {
                    memcpy(to, from + column * inputStride, pixelBytes)
                    to += outputStride
                }
            }
        }
    }
}
