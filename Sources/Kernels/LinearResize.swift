/// Linear resizing of channels-last float images, and its gradient.
///
/// Output pixel (y, x) is the mean of the input pixels of rows[y] and columns[x], weighted as the taps say. Nearest
/// resizing is the case where no tap has a second pixel: its forward is `NearestResize`, its gradient is here.
package struct LinearResizeKernel: Sendable {
    private let forward: ResampleKernel
    private let backward: ResampleKernel

    /// Pixel strides are in elements. Every tap lies inside of the input.
    package init(
        batch: Int, channels: Int, inputHeight: Int, inputWidth: Int, rows: [ResampleTap], columns: [ResampleTap],
        inputPixelStride: Int, outputPixelStride: Int, instructionSet: InstructionSet
    ) {
        forward = ResampleKernel(
            batch: batch, channels: channels, rows: ResampleTaps(linear: rows, inputs: inputHeight),
            columns: ResampleTaps(linear: columns, inputs: inputWidth), inputPixelStride: inputPixelStride,
            outputPixelStride: outputPixelStride, instructionSet: instructionSet)
        backward = forward.transposed(instructionSet: instructionSet)
    }

    /// Nearest resizing: output pixel (y, x) is input pixel (rows[y], columns[x]).
    package init(
        batch: Int, channels: Int, inputHeight: Int, inputWidth: Int, nearestRows rows: [Int],
        nearestColumns columns: [Int], inputPixelStride: Int, outputPixelStride: Int, instructionSet: InstructionSet
    ) {
        self.init(
            batch: batch, channels: channels, inputHeight: inputHeight, inputWidth: inputWidth,
            rows: rows.map { ResampleTap(first: $0, second: $0, weight: 0) },
            columns: columns.map { ResampleTap(first: $0, second: $0, weight: 0) },
            inputPixelStride: inputPixelStride, outputPixelStride: outputPixelStride, instructionSet: instructionSet)
    }

    package func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, threads: Int) {
        forward.run(input: input, output: output, threads: threads)
    }

    /// dx from dy, which have the pixel strides of input and output. All of dx is written.
    package func runGradient(gradient: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, threads: Int) {
        backward.run(input: gradient, output: result, threads: threads)
    }
}
