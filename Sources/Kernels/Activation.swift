package import CSaccadeKernels

/// What a convolution applies to its sums before it stores them.
package enum FusedActivation: Hashable, Sendable {
    case none, relu, silu, sigmoid, tanh, hardSwish
    /// Into [minimum, maximum].
    case clip(minimum: Float, maximum: Float)
    /// x where x ≥ 0, else slope · x.
    case leakyRelu(slope: Float)
    /// slope · x + offset, into [0, 1].
    case hardSigmoid(slope: Float, offset: Float)

    package var code: sk_activation {
        switch self {
        case .none: sk_activation(kind: sk_activation_none, a: 0, b: 0)
        case .relu: sk_activation(kind: sk_activation_relu, a: 0, b: 0)
        case .silu: sk_activation(kind: sk_activation_silu, a: 0, b: 0)
        case .sigmoid: sk_activation(kind: sk_activation_sigmoid, a: 0, b: 0)
        case .tanh: sk_activation(kind: sk_activation_tanh, a: 0, b: 0)
        case .hardSwish: sk_activation(kind: sk_activation_hard_swish, a: 0, b: 0)
        case .clip(let minimum, let maximum): sk_activation(kind: sk_activation_clip, a: minimum, b: maximum)
        case .leakyRelu(let slope): sk_activation(kind: sk_activation_leaky_relu, a: slope, b: 0)
        case .hardSigmoid(let slope, let offset):
            sk_activation(kind: sk_activation_hard_sigmoid, a: slope, b: offset)
        }
    }
}
