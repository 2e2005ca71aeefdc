import CSaccadeKernels
package import Tensors

/// Greatest value under a window, channels last; the contracts are in `maxpool2d_f32.h` and `maxpool2d_u8.h`.
package struct MaxPoolingKernel: @unchecked Sendable {
    // Sendable: the kernels are constants of the C module.
    private let floats: UnsafePointer<sk_maxpool2d_f32_kernel>
    private let bytes: UnsafePointer<sk_maxpool2d_u8_kernel>
    private let shape: sk_pool2d_shape

    /// Shapes are N×H×W×C; pixel strides are in elements.
    package init(
        input: Shape, inputPixelStride: Int, output: Shape, outputPixelStride: Int, rows: WindowExtent,
        columns: WindowExtent, instructionSet: InstructionSet
    ) {
        floats = sk_maxpool2d_f32_choose(instructionSet.code)
        bytes = sk_maxpool2d_u8_choose(instructionSet.code)
        shape = sk_pool2d_shape(
            batch: input[0], channels: input[3], in_height: input[1], in_width: input[2], out_height: output[1],
            out_width: output[2], kernel_height: rows.kernel, kernel_width: columns.kernel,
            stride_height: rows.stride, stride_width: columns.stride, dilation_height: rows.dilation,
            dilation_width: columns.dilation, pad_top: rows.padBefore, pad_left: columns.padBefore,
            in_pixel_stride: inputPixelStride, out_pixel_stride: outputPixelStride)
    }

    package func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, threads: Int) {
        forEachRange(minimum: 1, threads: threads) { shape, range in
            floats.pointee.run(shape, input, output, range.lowerBound, range.upperBound)
        }
    }

    package func run(input: UnsafePointer<UInt8>, output: UnsafeMutablePointer<UInt8>, threads: Int) {
        let perRow = shape.out_width * shape.channels * shape.kernel_height * shape.kernel_width
        forEachRange(minimum: (1 << 18) / max(perRow, 1), threads: threads) { shape, range in
            bytes.pointee.run(shape, input, output, range.lowerBound, range.upperBound)
        }
    }

    /// The gradient: each element of dy goes to the element of its window that was the greatest; the contract, with what
    /// equals and NaN do, is in `maxpool2d_f32.h`. dy has the output's pixel stride, dx `gradientPixelStride` (nil: dense).
    /// All of dx is written.
    package func runGradient(
        input: UnsafePointer<Float>, gradient: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>,
        gradientPixelStride: Int? = nil, threads: Int
    ) {
        // Images and blocks of channels share no element of dx, however the windows overlap.
        let width = shape.batch >= 4 * threads ? 64 : 16
        let blocks = shape.channels == 0 ? 0 : (shape.channels - 1) / width + 1
        let pixelStride = gradientPixelStride ?? shape.channels
        parallelFor(shape.batch * blocks, threads: threads) { part in
            let (image, block) = part.quotientAndRemainder(dividingBy: blocks)
            withUnsafePointer(to: shape) {
                floats.pointee.gradient(
                    $0, input, gradient, result, pixelStride, image, block * width,
                    min(shape.channels, (block + 1) * width))
            }
        }
    }

    /// Calls `body` with ranges of the output's rows.
    private func forEachRange(
        minimum: Int, threads: Int, _ body: (UnsafePointer<sk_pool2d_shape>, Range<Int>) -> Void
    ) {
        parallelRanges(shape.batch * shape.out_height, unit: 1, minimum: minimum, threads: threads) { range in
            withUnsafePointer(to: shape) { body($0, range) }
        }
    }
}
