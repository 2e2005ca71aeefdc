import CSaccadeKernels

/// Any function of one byte over a tensor that may have gaps between its rows: an activation, a change of scale.
package struct ByteLookupKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_lookup_u8_kernel>
    private let table: [UInt8]

    /// `function` gives the result for each byte.
    package init(instructionSet: InstructionSet, _ function: (UInt8) -> UInt8) {
        kernel = sk_lookup_u8_choose(instructionSet.code)
        table = (0...255).map { function($0) }
    }

    /// The function `real` between tensors with these scales, rounded once.
    package init(
        from input: ByteQuantization, to output: ByteQuantization, instructionSet: InstructionSet,
        _ real: (Float) -> Float = { $0 }
    ) {
        self.init(instructionSet: instructionSet) { output.byte(real(input.real($0))) }
    }

    /// Maps `rows` rows of `length` bytes. The output may be the input.
    package func run(
        rows: Int, length: Int, input: UnsafePointer<UInt8>, inputStride: Int, output: UnsafeMutablePointer<UInt8>,
        outputStride: Int, threads: Int
    ) {
        if inputStride == length, outputStride == length {
            return parallelRanges(rows * length, unit: 64, minimum: 1 << 17, threads: threads) {
                kernel.pointee.run(table, input + $0.lowerBound, 0, output + $0.lowerBound, 0, 1, $0.count)
            }
        }
        parallelRanges(rows, unit: 1, minimum: (1 << 17) / max(length, 1), threads: threads) {
            kernel.pointee.run(
                table, input + $0.lowerBound * inputStride, inputStride, output + $0.lowerBound * outputStride,
                outputStride, $0.count, length)
        }
    }
}
