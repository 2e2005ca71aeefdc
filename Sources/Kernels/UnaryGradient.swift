import CSaccadeKernels

/// The gradient of a function of one float: dx = dy · f′(x), in one pass over x and dy.
///
/// At corners the gradient is PyTorch's: 0 for relu and abs at 0, the slope for leakyRelu at 0, the scale for elu at 0;
/// hardSwish and hardSigmoid are flat from the ends of their ramps on. clip is flat on both its bounds.
/// floor, ceil, round and sign have gradient 0.
package struct UnaryGradientKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_unary_gradient_f32_kernel>
    private let function: sk_unary_function
    private let a: Float
    private let b: Float
    private let isIdentity: Bool

    package init(_ function: VectorUnaryFunction, instructionSet: InstructionSet) {
        kernel = sk_unary_gradient_f32_choose(instructionSet.code)
        (self.function, a, b) = function.code
        isIdentity = function == .activation(.none)
    }

    /// Over `count` dense elements. `inputGradient` may be `outputGradient` or `input`.
    package func run(
        count: Int, input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
        inputGradient: UnsafeMutablePointer<Float>, threads: Int
    ) {
        parallelRanges(count, unit: 64, minimum: 1 << 14, threads: threads) {
            let first = $0.lowerBound
            guard !isIdentity else {
                return (inputGradient + first).update(from: outputGradient + first, count: $0.count)
            }
            kernel.pointee.run(
                function, a, b, input + first, outputGradient + first, inputGradient + first, $0.count)
        }
    }
}
