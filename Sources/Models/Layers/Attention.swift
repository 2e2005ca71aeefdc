package import Graphs
import Tensors

/// What a query may not look at.
package struct AttentionMask: Sendable {
    /// float32, broadcast to N×heads×L×S, added to the scores; a constant to the gradient.
    package var additive: ValueID?
    /// bool N×S: true for keys that are padding.
    package var padding: ValueID?
    /// Whether a query sees only keys up to its own place.
    package var isCausal: Bool

    package init(additive: ValueID? = nil, padding: ValueID? = nil, isCausal: Bool = false) {
        self.additive = additive
        self.padding = padding
        self.isCausal = isCausal
    }
}

extension ModelBuilder {
    /// Multi-head attention of sequences to themselves: N×L×D to N×L×D (Vaswani et al. 2017).
    ///
    /// softmax(Q·Kᵀ ÷ √(D ÷ heads) + mask)·V in each head, between products for Q, K, V and for the result.
    package mutating func selfAttention(
        _ x: ValueID, width: Int, heads: Int, mask: AttentionMask = AttentionMask(), dropout: Float = 0,
        name: String = "attention"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let all = try net.projection(x, width, parts: 3, "input")
            return try net.attend(
                net.nodes.split(all, axis: -1, sizes: [width, width, width]), width, heads, mask, dropout)
        }
    }

    /// Multi-head attention of N×L×D to `context`, N×S×D.
    package mutating func crossAttention(
        _ x: ValueID, to context: ValueID, width: Int, heads: Int, mask: AttentionMask = AttentionMask(),
        dropout: Float = 0, name: String = "attention"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let query = try net.projection(x, width, parts: 1, "query")
            let others = try net.projection(context, width, parts: 2, "context")
            let parts = [query] + (try net.nodes.split(others, axis: -1, sizes: [width, width]))
            return try net.attend(parts, width, heads, mask, dropout)
        }
    }

    /// Q, K and V are initialized as one matrix to 3·D, whatever part of it this is.
    private mutating func projection(
        _ x: ValueID, _ width: Int, parts: Int, _ name: String
    ) throws(GraphError) -> ValueID {
        try linear(
            x, from: width, to: parts * width, weights: .xavierUniform, biases: .zeros, fan: Fan(width, 3 * width),
            name: name)
    }

    /// - Parameter parts: Q (N×L×D), K and V (N×S×D).
    private mutating func attend(
        _ parts: [ValueID], _ width: Int, _ heads: Int, _ mask: AttentionMask, _ dropout: Float
    ) throws(GraphError) -> ValueID {
        guard heads > 0, width % heads == 0 else {
            throw GraphError(.invalidAttribute("\(heads) heads of \(width) features"))
        }
        let depth = width / heads
        // The product takes K transposed: it goes there at once.
        let orders = [[0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]]
        var operands = [ValueID]()
        for (part, order) in zip(parts, orders) {
            operands.append(try nodes.transpose(nodes.reshape(part, [0, 0, heads, depth]), order))
        }
        let query = try nodes.scale(operands[0], by: 1 / Float(depth).squareRoot())
        var scores = try nodes.node(.matMul, [query, operands[1]])
        if let additive = mask.additive {
            scores = try nodes.add(scores, nodes.node(.stopGradient, [additive]))
        }
        if let hidden = try hidden(mask, query: parts[0], key: parts[1]) {
            scores = try nodes.select(hidden, nodes.scalar(-1e9), scores)
        }
        let weights = try self.dropout(nodes.node(.softmax(axis: -1), [scores]), rate: dropout)
        let mixed = try nodes.transpose(nodes.node(.matMul, [weights, operands[2]]), [0, 2, 1, 3])
        return try linear(
            nodes.reshape(mixed, [0, 0, width]), from: width, to: width, biases: .zeros, name: "output")
    }

    /// True where a score does not count; bool, broadcast to N×heads×L×S.
    private mutating func hidden(
        _ mask: AttentionMask, query: ValueID, key: ValueID
    ) throws(GraphError) -> ValueID? {
        var hidden: ValueID?
        if let padding = mask.padding {
            hidden = try nodes.node(.unsqueeze(axes: [1, 2]), [padding])
        }
        guard mask.isCausal else { return hidden }
        let row = try nodes.unsqueeze(nodes.indices(query, axis: 1), axis: 1)
        let isLater = try nodes.binary(.less, row, nodes.indices(key, axis: 1))
        guard let padding = hidden else { return isLater }
        return try nodes.binary(.or, padding, isLater)
    }

    /// bool N×L: true for the places of `sequences` (N×L…) at and past `lengths` (N, integers).
    package mutating func paddingMask(_ lengths: ValueID, of sequences: ValueID) throws(GraphError) -> ValueID {
        let ends = try nodes.unsqueeze(nodes.cast(lengths, to: .int64), axis: 1)
        return try nodes.binary(.greaterOrEqual, nodes.indices(sequences, axis: 1), ends)
    }

    /// The mean of N×L×D over L without the padding, bool N×L: N×D. A sequence of padding alone gives 0.
    package mutating func maskedMean(_ x: ValueID, padding: ValueID?) throws(GraphError) -> ValueID {
        guard let padding else { return try nodes.mean(x, axes: [1]) }
        let kept = try nodes.unsqueeze(nodes.cast(nodes.unary(.not, padding), to: .float32), axis: -1)
        let count = try nodes.atLeast(nodes.sum(kept, axes: [1]), 1)
        return try nodes.divide(nodes.sum(nodes.multiply(x, kept), axes: [1]), count)
    }
}
