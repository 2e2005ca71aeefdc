import CSaccadeKernels

/// Softmax over rows: y = e^(x - max x) ÷ Σ e^(x - max x).
package struct SoftmaxKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_softmax_f32_kernel>

    package init(instructionSet: InstructionSet) { kernel = sk_softmax_f32_choose(instructionSet.code) }

    package func run(
        rows: Int, length: Int, input: UnsafePointer<Float>, inputStride: Int, output: UnsafeMutablePointer<Float>,
        outputStride: Int, threads: Int
    ) {
        guard length > 0 else { return }
        parallelRanges(rows, unit: 1, minimum: 4096 / length, threads: threads) {
            kernel.pointee.run(
                input + $0.lowerBound * inputStride, inputStride, output + $0.lowerBound * outputStride, outputStride,
                $0.count, length)
        }
    }
}
