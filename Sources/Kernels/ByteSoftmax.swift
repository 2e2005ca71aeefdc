import CSaccadeKernels

/// Softmax over rows of bytes; the formula is in `softmax_u8.h`.
package struct ByteSoftmaxKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_softmax_u8_kernel>
    private let exponentials: [UInt32]
    private let output: ByteQuantization

    /// The input's zero point cancels out.
    package init(inputScale: Float, output: ByteQuantization, instructionSet: InstructionSet) {
        kernel = sk_softmax_u8_choose(instructionSet.code)
        exponentials = Array(unsafeUninitializedCapacity: 256) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            sk_softmax_u8_table(inputScale, start)
            count = 256
        }
        self.output = output
    }

    /// `rows` rows of `length` bytes. The output may be the input.
    package func run(
        rows: Int, length: Int, input: UnsafePointer<UInt8>, inputStride: Int, output y: UnsafeMutablePointer<UInt8>,
        outputStride: Int, threads: Int
    ) {
        guard length > 0 else { return }
        parallelRanges(rows, unit: 1, minimum: (1 << 15) / length, threads: threads) {
            kernel.pointee.run(
                exponentials, output.scale, output.zeroPoint, input + $0.lowerBound * inputStride, inputStride,
                y + $0.lowerBound * outputStride, outputStride, $0.count, length)
        }
    }
}
