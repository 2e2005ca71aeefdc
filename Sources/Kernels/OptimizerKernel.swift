import CSaccadeKernels

/// What becomes of a gradient before an optimizer's rule sees it: `clip(g · scale, ±limit) + l2 · w + l1 · sign(w)`.
package struct GradientTerms: Hashable, Sendable {
    package var scale: Float
    /// Infinity clips nothing.
    package var limit: Float
    package var l2: Float
    package var l1: Float

    package init(scale: Float = 1, limit: Float = .infinity, l2: Float = 0, l1: Float = 0) {
        self.scale = scale
        self.limit = limit
        self.l2 = l2
        self.l1 = l1
    }

    var code: sk_gradient_terms { sk_gradient_terms(scale: scale, limit: limit, l2: l2, l1: l1) }
}

/// One step of an optimizer with its numbers; the formulas stand in `optimizer_f32.h`.
package enum OptimizerRule: Hashable, Sendable {
    /// State: the velocity, if `hasMomentum`.
    case sgd(rate: Float, momentum: Float, nesterov: Bool, hasMomentum: Bool)
    /// State: the mean square; the mean gradient, if `isCentred`; the velocity, if `hasMomentum`. `rest` is
    /// 1 - smoothing.
    case rmsProp(
        rate: Float, smoothing: Float, rest: Float, epsilon: Float, momentum: Float, isCentred: Bool,
        hasMomentum: Bool)
    /// State: the mean gradient and the mean square. `rest1` and `rest2` are 1 - β, `keep` is 1 - rate · decay for
    /// decoupled decay.
    case adam(
        stepSize: Float, rest1: Float, beta2: Float, rest2: Float, rootCorrection: Float, epsilon: Float, keep: Float)
}

/// The passes over flat memory that optimizers are made of. All run on the caller's thread, and every instruction set
/// gives the same bits.
package struct OptimizerKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_optimizer_f32_kernel>

    package init(instructionSet: InstructionSet) {
        kernel = sk_optimizer_f32_choose(instructionSet.code)
    }

    /// Moves `count` parameters by one step. `states` is the first of the rule's state rows, `stateStride` elements
    /// apart, in the order that `OptimizerRule` names them; nothing is read there when the rule has none.
    package func step(
        _ rule: OptimizerRule, terms: GradientTerms, count: Int, parameters: UnsafeMutablePointer<Float>,
        gradients: UnsafePointer<Float>, states: UnsafeMutablePointer<Float>, stateStride: Int
    ) {
        var terms = terms.code
        switch rule {
        case .sgd(let rate, let momentum, let nesterov, let hasMomentum):
            var step = sk_sgd_step(rate: rate, momentum: momentum, nesterov: nesterov)
            kernel.pointee.sgd(&terms, &step, count, parameters, gradients, hasMomentum ? states : nil)
        case .rmsProp(let rate, let smoothing, let rest, let epsilon, let momentum, let isCentred, let hasMomentum):
            var step = sk_rms_prop_step(
                rate: rate, smoothing: smoothing, rest: rest, epsilon: epsilon, momentum: momentum)
            kernel.pointee.rms_prop(
                &terms, &step, count, parameters, gradients, states, isCentred ? states + stateStride : nil,
                hasMomentum ? states + (isCentred ? 2 : 1) * stateStride : nil)
        case .adam(let stepSize, let rest1, let beta2, let rest2, let rootCorrection, let epsilon, let keep):
            var step = sk_adam_step(
                step_size: stepSize, rest1: rest1, beta2: beta2, rest2: rest2, root_correction: rootCorrection,
                epsilon: epsilon, keep: keep)
            kernel.pointee.adam(&terms, &step, count, parameters, gradients, states, states + stateStride)
        }
    }

    /// y ← y + share · (x - y)
    package func approach(
        share: Float, count: Int, target: UnsafePointer<Float>, values: UnsafeMutablePointer<Float>
    ) {
        kernel.pointee.approach(share, count, target, values)
    }

    /// The sum of squares in double precision; not finite exactly where an element is not.
    package func sumOfSquares(count: Int, _ values: UnsafePointer<Float>) -> Double {
        kernel.pointee.sum_of_squares(count, values)
    }
}
