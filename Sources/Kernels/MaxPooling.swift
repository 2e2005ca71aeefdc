import CSaccadeKernels
package import Tensors

/// Greatest value under a window, channels last; the contract is in `maxpool2d_f32.h`.
package struct MaxPoolingKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_maxpool2d_f32_kernel>
    private let shape: sk_pool2d_shape

    /// Shapes are N×H×W×C; pixel strides are in elements.
    package init(
        input: Shape, inputPixelStride: Int, output: Shape, outputPixelStride: Int, rows: WindowExtent,
        columns: WindowExtent, instructionSet: InstructionSet
    ) {
        kernel = sk_maxpool2d_f32_choose(instructionSet.code)
        shape = sk_pool2d_shape(
            input: input, inputPixelStride: inputPixelStride, output: output, outputPixelStride: outputPixelStride,
            rows: rows, columns: columns)
    }

    package func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, threads: Int) {
        parallelRanges(shape.batch * shape.out_height, unit: 1, minimum: 1, threads: threads) {
            var shape = self.shape
            kernel.pointee.run(&shape, input, output, $0.lowerBound, $0.upperBound)
        }
    }
}

extension sk_pool2d_shape {
    /// Shapes are N×H×W×C; pixel strides are in elements.
    init(
        input: Shape, inputPixelStride: Int, output: Shape, outputPixelStride: Int, rows: WindowExtent,
        columns: WindowExtent
    ) {
        self.init(
            batch: input[0], channels: input[3], in_height: input[1], in_width: input[2], out_height: output[1],
            out_width: output[2], kernel_height: rows.kernel, kernel_width: columns.kernel,
            stride_height: rows.stride, stride_width: columns.stride, dilation_height: rows.dilation,
            dilation_width: columns.dilation, pad_top: rows.padBefore, pad_left: columns.padBefore,
            in_pixel_stride: inputPixelStride, out_pixel_stride: outputPixelStride)
    }
}
