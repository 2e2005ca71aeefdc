package import Tensors

/// Mean under a window, channels last, and its gradient.
///
/// The elements of a window inside of the image are weighted alike, rows and columns apart from each other: it is a
/// resampling, and so is its gradient.
package struct AveragePoolingKernel: Sendable {
    private let forward: ResampleKernel
    private let backward: ResampleKernel

    /// Shapes are N×H×W×C; pixel strides are in elements. With `countsPadding` the divisor includes padding, but not what
    /// lies past it.
    package init(
        input: Shape, inputPixelStride: Int, output: Shape, outputPixelStride: Int, rows: WindowExtent,
        columns: WindowExtent, countsPadding: Bool, instructionSet: InstructionSet
    ) {
        forward = ResampleKernel(
            batch: input[0], channels: input[3],
            rows: ResampleTaps(mean: rows, inputs: input[1], outputs: output[1], countsPadding: countsPadding),
            columns: ResampleTaps(mean: columns, inputs: input[2], outputs: output[2], countsPadding: countsPadding),
            inputPixelStride: inputPixelStride, outputPixelStride: outputPixelStride, instructionSet: instructionSet)
        backward = forward.transposed(instructionSet: instructionSet)
    }

    package func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, threads: Int) {
        forward.run(input: input, output: output, threads: threads)
    }

    /// dx from dy, which have the pixel strides of input and output. All of dx is written.
    package func runGradient(gradient: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, threads: Int) {
        backward.run(input: gradient, output: result, threads: threads)
    }
}
