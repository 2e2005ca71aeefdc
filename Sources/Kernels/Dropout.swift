import CSaccadeKernels

/// Dropout (Srivastava et al., 2014): y[i] = x[i] ÷ (1 - p) with probability 1 - p, else 0. The contract and the random
/// numbers, which are those of `Philox(seed:stream:)`, are in `dropout_f32.h`.
///
/// Which elements are kept depends on seed, stream and place alone. So the gradient with respect to x is the same call
/// on dy, and nothing is stored in between.
package struct DropoutKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_dropout_f32_kernel>
    private let threshold: UInt64
    private let scale: Float

    /// `probability` of dropping, in 0 ... 1; it is rounded to a multiple of 2^-32.
    package init(probability: Double, instructionSet: InstructionSet) {
        precondition((0...1).contains(probability), "a probability of \(probability)")
        kernel = sk_dropout_f32_choose(instructionSet.code)
        threshold = UInt64((probability * 0x1p32).rounded())
        scale = probability < 1 ? Float(1 / (1 - probability)) : 0
    }

    /// `output` may be `input`.
    package func run(
        count: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, seed: UInt64, stream: UInt64,
        threads: Int
    ) {
        parallelRanges(count, unit: 64, minimum: 1 << 13, threads: threads) { range in
            var dropout = sk_dropout(seed: seed, stream: stream, threshold: threshold, scale: scale)
            kernel.pointee.run(&dropout, input, output, range.lowerBound, range.upperBound)
        }
    }
}
