package import Graphs
import Tensors

/// A transformer that turns sequences into others (Vaswani et al. 2017). Inputs "source" (N×S, int64), "sourceLengths" (N,
/// int64) and "target" (N×T, int64: what the decoder has given so far); output "logits", N×T×targetVocabulary, at each
/// place those of the token that follows.
package struct SequenceToSequence: Hashable, Sendable {
    package var sourceVocabulary: Int
    package var targetVocabulary: Int
    package var transformer: Transformer
    package var layers: Int
    package var longest: Int

    package init(
        sourceVocabulary: Int, targetVocabulary: Int, transformer: Transformer, layers: Int, longest: Int = 512
    ) {
        self.sourceVocabulary = sourceVocabulary
        self.targetVocabulary = targetVocabulary
        self.transformer = transformer
        self.layers = layers
        self.longest = longest
    }

    package func graph(seed: UInt64 = 0) throws(GraphError) -> Graph {
        var net = ModelBuilder(name: "seq2seq", seed: seed)
        let source = net.input("source", dtype: .int64, [.symbolic("batch"), .symbolic("sourceLength")])
        let lengths = net.input("sourceLengths", dtype: .int64, [.symbolic("batch")])
        let target = net.input("target", dtype: .int64, [.symbolic("batch"), .symbolic("targetLength")])
        let padding = try net.paddingMask(lengths, of: source)
        let context = try net.transformerEncoder(
            tokens(source, count: sourceVocabulary, "sourceEmbedding", &net), transformer, layers: layers,
            padding: padding)
        let h = try net.transformerDecoder(
            tokens(target, count: targetVocabulary, "targetEmbedding", &net), context: context, transformer,
            layers: layers, contextPadding: padding)
        net.output(
            try net.linear(h, from: transformer.width, to: targetVocabulary, name: "classifier"), name: "logits")
        return net.graph
    }

    /// Rows of the table times √D, so that places do not outweigh them, and the places.
    private func tokens(
        _ indices: ValueID, count: Int, _ name: String, _ net: inout ModelBuilder
    ) throws(GraphError) -> ValueID {
        let width = transformer.width
        let root = Float(width).squareRoot()
        let rows = try net.embedding(
            indices, count: count, width: width, weights: .normal(deviation: 1 / root), name: name)
        let placed = try net.sinusoidalPositions(net.nodes.scale(rows, by: root), width: width, longest: longest)
        return try net.dropout(placed, rate: transformer.dropout)
    }
}
