package import Graphs

/// The layers of a transformer (Vaswani et al. 2017).
package struct Transformer: Hashable, Sendable {
    /// D.
    package var width: Int
    package var heads: Int
    package var feedForward: Int
    package var dropout: Float
    package var activation: UnaryFunction
    /// Whether a layer normalizes what goes into its parts (Xiong et al. 2020), or the sums behind them.
    package var normalizesFirst: Bool

    package init(
        width: Int, heads: Int, feedForward: Int? = nil, dropout: Float = 0.1, activation: UnaryFunction = .gelu,
        normalizesFirst: Bool = true
    ) {
        self.width = width
        self.heads = heads
        self.feedForward = feedForward ?? 4 * width
        self.dropout = dropout
        self.activation = activation
        self.normalizesFirst = normalizesFirst
    }
}

extension ModelBuilder {
    /// Layers of self-attention and feed-forward parts: N×L×D to N×L×D.
    ///
    /// - Parameter normalizesResult: nil: where layers normalize what goes into their parts.
    package mutating func transformerEncoder(
        _ x: ValueID, _ transformer: Transformer, layers: Int, padding: ValueID? = nil,
        normalizesResult: Bool? = nil, name: String = "encoder"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            var h = x
            for layer in 0..<layers {
                h = try net.scope("layer\(layer)") { net throws(GraphError) in
                    let mask = AttentionMask(padding: padding)
                    let h = try net.attentionPart(h, nil, transformer, mask, "attention")
                    return try net.feedForwardPart(h, transformer)
                }
            }
            let normalizes = normalizesResult ?? transformer.normalizesFirst
            return normalizes ? try net.layerNormalization(h, width: transformer.width) : h
        }
    }

    /// Layers of causal self-attention, attention to `context` (N×S×D) and feed-forward parts: N×L×D to N×L×D.
    ///
    /// - Parameters:
    ///   - padding: bool N×L, of the sequences themselves.
    ///   - contextPadding: bool N×S.
    package mutating func transformerDecoder(
        _ x: ValueID, context: ValueID, _ transformer: Transformer, layers: Int, padding: ValueID? = nil,
        contextPadding: ValueID? = nil, name: String = "decoder"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            var h = x
            for layer in 0..<layers {
                h = try net.scope("layer\(layer)") { net throws(GraphError) in
                    let own = AttentionMask(padding: padding, isCausal: true)
                    var h = try net.attentionPart(h, nil, transformer, own, "attention")
                    let other = AttentionMask(padding: contextPadding)
                    h = try net.attentionPart(h, context, transformer, other, "crossAttention")
                    return try net.feedForwardPart(h, transformer)
                }
            }
            return transformer.normalizesFirst ? try net.layerNormalization(h, width: transformer.width) : h
        }
    }

    private mutating func attentionPart(
        _ x: ValueID, _ context: ValueID?, _ transformer: Transformer, _ mask: AttentionMask, _ name: String
    ) throws(GraphError) -> ValueID {
        try part(x, transformer, "\(name)Norm") { net, h throws(GraphError) in
            guard let context else {
                return try net.selfAttention(
                    h, width: transformer.width, heads: transformer.heads, mask: mask, dropout: transformer.dropout,
                    name: name)
            }
            return try net.crossAttention(
                h, to: context, width: transformer.width, heads: transformer.heads, mask: mask,
                dropout: transformer.dropout, name: name)
        }
    }

    private mutating func feedForwardPart(_ x: ValueID, _ transformer: Transformer) throws(GraphError) -> ValueID {
        try part(x, transformer, "feedForwardNorm") { net, h throws(GraphError) in
            try net.scope("feedForward") { net throws(GraphError) in
                var inner = try net.linear(h, from: transformer.width, to: transformer.feedForward, name: "expand")
                inner = try net.dropout(net.activation(transformer.activation, inner), rate: transformer.dropout)
                return try net.linear(inner, from: transformer.feedForward, to: transformer.width, name: "contract")
            }
        }
    }

    /// x + dropout(body(x)), normalized before or after.
    private mutating func part(
        _ x: ValueID, _ transformer: Transformer, _ name: String,
        _ body: (inout ModelBuilder, ValueID) throws(GraphError) -> ValueID
    ) throws(GraphError) -> ValueID {
        let isFirst = transformer.normalizesFirst
        let h = isFirst ? try layerNormalization(x, width: transformer.width, name: name) : x
        let sum = try add(x, dropout(body(&self, h), rate: transformer.dropout))
        return isFirst ? sum : try layerNormalization(sum, width: transformer.width, name: name)
    }
}
