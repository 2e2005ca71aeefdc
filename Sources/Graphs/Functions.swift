/// A function of one number. All take float32; `neg`, `abs` and `sign` also integers, `not` takes bool.
package enum UnaryFunction: Hashable, Sendable {
    case sigmoid, silu, relu, tanh, hardSwish, softplus
    /// x for x ≥ 0, else slope·x.
    case leakyRelu(slope: Float)
    /// max(0, min(1, slope·x + offset)).
    case hardSigmoid(slope: Float, offset: Float)
    /// x for x ≥ 0, else scale·(eˣ − 1).
    case elu(scale: Float)
    /// x · Φ(x), with the distribution function Φ of the normal distribution; and its approximation by tanh.
    case gelu, geluTanh
    case exp, log, sqrt, reciprocal, erf, sin, cos
    case neg, abs, sign, floor, ceil
    /// To the nearest integer, halves to even.
    case round
    case not

    package var name: String {
        switch self {
        case .leakyRelu: "leakyRelu"
        case .hardSigmoid: "hardSigmoid"
        case .elu: "elu"
        default: String(describing: self)
        }
    }
}

/// A function of two numbers. Comparisons give bool; `and`, `or` take bool; the others keep the operands' type.
package enum BinaryFunction: String, Hashable, Sendable, CaseIterable {
    /// Integer division truncates.
    case add, sub, mul, div, pow, min, max
    /// Integer remainder with the divisor's sign.
    case mod
    /// Remainder with the dividend's sign, as C's fmod.
    case fmod
    case equal, less, lessOrEqual, greater, greaterOrEqual
    case and, or

    /// Whether the result is bool.
    package var isPredicate: Bool {
        switch self {
        case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or: true
        default: false
        }
    }
}

/// What a convolution applies to its sums before storing them.
package enum Activation: Hashable, Sendable {
    case none
    case relu, silu, sigmoid, tanh, hardSwish
    case leakyRelu(slope: Float)
    case hardSigmoid(slope: Float, offset: Float)
    /// Into [minimum, maximum]; an open side is ∓infinity.
    case clip(minimum: Float, maximum: Float)
}

package enum ReduceFunction: String, Hashable, Sendable, CaseIterable {
    case mean, sum, max, min, prod
}

package enum PaddingMode: String, Hashable, Sendable, CaseIterable {
    case constant, reflect, edge
}
