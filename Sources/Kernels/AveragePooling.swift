import CSaccadeKernels
package import Tensors

/// Mean under a window, channels last, and its gradient; the contract is in `avgpool2d_f32.h`.
package struct AveragePoolingKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_avgpool2d_f32_kernel>
    private let shape: sk_avgpool2d_shape

    /// Shapes are N×H×W×C; pixel strides are in elements. With `countsPadding` the divisor includes padding, but not what
    /// lies past it.
    package init(
        input: Shape, inputPixelStride: Int, output: Shape, outputPixelStride: Int, rows: WindowExtent,
        columns: WindowExtent, countsPadding: Bool, instructionSet: InstructionSet
    ) {
        kernel = sk_avgpool2d_f32_choose(instructionSet.code)
        let window = sk_pool2d_shape(
            batch: input[0], channels: input[3], in_height: input[1], in_width: input[2], out_height: output[1],
            out_width: output[2], kernel_height: rows.kernel, kernel_width: columns.kernel,
            stride_height: rows.stride, stride_width: columns.stride, dilation_height: rows.dilation,
            dilation_width: columns.dilation, pad_top: rows.padBefore, pad_left: columns.padBefore,
            in_pixel_stride: inputPixelStride, out_pixel_stride: outputPixelStride)
        shape = sk_avgpool2d_shape(
            window: window, counts_padding: countsPadding, pad_bottom: rows.padAfter, pad_right: columns.padAfter)
    }

    package func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, threads: Int) {
        parallelRanges(shape.window.batch * shape.window.out_height, unit: 1, minimum: 1, threads: threads) { range in
            withUnsafePointer(to: shape) {
                kernel.pointee.run($0, input, output, range.lowerBound, range.upperBound)
            }
        }
    }

    /// dx from dy, which have the pixel strides of input and output. All of dx is written.
    package func runGradient(gradient: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, threads: Int) {
        parallelRanges(shape.window.batch * shape.window.in_height, unit: 1, minimum: 1, threads: threads) { range in
            withUnsafePointer(to: shape) {
                kernel.pointee.gradient($0, gradient, result, range.lowerBound, range.upperBound)
            }
        }
    }
}
