package import Graphs
import Tensors

/// A transformer encoder that gives sequences of tokens a class. Inputs "tokens" (N×L, int64) and "lengths" (N, int64);
/// output "logits", N×classes: the mean over the tokens within the length, and a linear layer.
package struct TransformerEncoderClassifier: Hashable, Sendable {
    package enum Positions: Hashable, Sendable { case learned, sinusoidal }

    package var vocabulary: Int
    package var classes: Int
    package var transformer: Transformer
    package var layers: Int
    package var longest: Int
    package var positions: Positions

    package init(
        vocabulary: Int, classes: Int, transformer: Transformer, layers: Int, longest: Int = 512,
        positions: Positions = .learned
    ) {
        self.vocabulary = vocabulary
        self.classes = classes
        self.transformer = transformer
        self.layers = layers
        self.longest = longest
        self.positions = positions
    }

    package func graph(seed: UInt64 = 0) throws(GraphError) -> Graph {
        var net = ModelBuilder(name: "transformer", seed: seed)
        let (tokens, lengths) = net.sequences()
        let padding = try net.paddingMask(lengths, of: tokens)
        var h = try net.embedding(tokens, count: vocabulary, width: transformer.width)
        switch positions {
        case .learned: h = try net.learnedPositions(h, width: transformer.width, longest: longest)
        case .sinusoidal: h = try net.sinusoidalPositions(h, width: transformer.width, longest: longest)
        }
        h = try net.dropout(h, rate: transformer.dropout)
        h = try net.transformerEncoder(h, transformer, layers: layers, padding: padding)
        h = try net.maskedMean(h, padding: padding)
        net.output(try net.linear(h, from: transformer.width, to: classes, name: "classifier"), name: "logits")
        return net.graph
    }
}

/// LSTM layers that give sequences of tokens a class. Inputs and output as `TransformerEncoderClassifier` has them; the
/// last states of the last layer go to a linear layer.
package struct LSTMClassifier: Hashable, Sendable {
    package var vocabulary: Int
    package var classes: Int
    /// Of the embedding.
    package var width: Int
    package var hidden: Int
    package var layers: Int
    package var bidirectional: Bool
    package var dropout: Float

    package init(
        vocabulary: Int, classes: Int, width: Int, hidden: Int, layers: Int = 1, bidirectional: Bool = true,
        dropout: Float = 0
    ) {
        self.vocabulary = vocabulary
        self.classes = classes
        self.width = width
        self.hidden = hidden
        self.layers = layers
        self.bidirectional = bidirectional
        self.dropout = dropout
    }

    package func graph(seed: UInt64 = 0) throws(GraphError) -> Graph {
        var net = ModelBuilder(name: "lstm", seed: seed)
        let (tokens, lengths) = net.sequences()
        let h = try net.embedding(tokens, count: vocabulary, width: width)
        let state = try net.lstm(
            h, from: width, hidden: hidden, layers: layers, bidirectional: bidirectional, lengths: lengths,
            dropout: dropout
        ).state
        let size = hidden * (bidirectional ? 2 : 1)
        net.output(
            try net.linear(net.dropout(state, rate: dropout), from: size, to: classes, name: "classifier"),
            name: "logits")
        return net.graph
    }
}

extension ModelBuilder {
    fileprivate mutating func sequences() -> (tokens: ValueID, lengths: ValueID) {
        (
            input("tokens", dtype: .int64, [.symbolic("batch"), .symbolic("length")]),
            input("lengths", dtype: .int64, [.symbolic("batch")])
        )
    }
}
