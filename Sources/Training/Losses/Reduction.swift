package import Graphs

/// What becomes of the losses of samples.
package enum Reduction: String, Hashable, Sendable, CaseIterable {
    /// Their mean, a scalar; how it is taken each loss says.
    case mean
    /// Their sum, a scalar.
    case sum
    /// They stay as they are.
    case none
}

extension GraphBuilder {
    /// Over all elements.
    mutating func reduced(_ losses: ValueID, _ reduction: Reduction) throws(GraphError) -> ValueID {
        switch reduction {
        case .mean: try mean(losses)
        case .sum: try sum(losses)
        case .none: losses
        }
    }

    /// a ÷ b with b ≥ 0, and 0 where both are 0.
    mutating func ratio(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID {
        try divide(a, atLeast(b, .leastNormalMagnitude))
    }

    /// Rows of length 1 along the last axis: x ÷ max(‖x‖, ε), as PyTorch's `normalize`.
    package mutating func normalized(_ x: ValueID, epsilon: Float = 1e-12) throws(GraphError) -> ValueID {
        let length = try norm(x, keepsDimensions: true, least: epsilon)
        return try divide(x, length)
    }

    /// √max(Σ x², ε²) over the last axis.
    mutating func norm(
        _ x: ValueID, keepsDimensions: Bool = false, least epsilon: Float
    ) throws(GraphError) -> ValueID {
        // The bound lies before the root, whose slope at 0 is infinite.
        let squares = try sum(square(x), axes: [-1], keepsDimensions: keepsDimensions)
        return try unary(.sqrt, atLeast(squares, epsilon * epsilon))
    }
}
