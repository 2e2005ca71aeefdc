import CSaccadeKernels
package import Tensors

/// Greatest byte under a window, channels last; the contract is in `maxpool2d_u8.h`.
package struct ByteMaxPoolingKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_maxpool2d_u8_kernel>
    private let shape: sk_pool2d_shape

    /// Shapes are N×H×W×C; pixel strides are in bytes.
    package init(
        input: Shape, inputPixelStride: Int, output: Shape, outputPixelStride: Int, rows: WindowExtent,
        columns: WindowExtent, instructionSet: InstructionSet
    ) {
        kernel = sk_maxpool2d_u8_choose(instructionSet.code)
        shape = sk_pool2d_shape(
            input: input, inputPixelStride: inputPixelStride, output: output, outputPixelStride: outputPixelStride,
            rows: rows, columns: columns)
    }

    package func run(input: UnsafePointer<UInt8>, output: UnsafeMutablePointer<UInt8>, threads: Int) {
        let perRow = shape.out_width * shape.channels * shape.kernel_height * shape.kernel_width
        parallelRanges(
            shape.batch * shape.out_height, unit: 1, minimum: (1 << 18) / max(perRow, 1), threads: threads
        ) { range in
            withUnsafePointer(to: shape) {
                kernel.pointee.run($0, input, output, range.lowerBound, range.upperBound)
            }
        }
    }
}
