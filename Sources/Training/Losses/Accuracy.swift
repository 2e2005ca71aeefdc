package import Graphs
import Tensors

/// What a model got right, as values of the graph. C classes on axis 1, labels as `crossEntropy` has them; no gradient.
extension GraphBuilder {
    /// 1 where the best class is the label, else 0: N, N×H×W, float32.
    package mutating func hits(logits: ValueID, labels: ValueID) throws(GraphError) -> ValueID {
        let best = try node(.argMax(axis: 1, keepsDimension: false), [logits])
        return try cast(binary(.equal, best, cast(labels, to: .int64)), to: .float32)
    }

    /// 1 where the label is among the `count` best classes.
    package mutating func hits(logits: ValueID, labels: ValueID, amongBest count: Int) throws(GraphError) -> ValueID {
        let best = try nodes(.topK(axis: 1, largest: true), [logits, list([count])], outputCount: 2)[1]
        let isEqual = try binary(.equal, best, unsqueeze(cast(labels, to: .int64), axis: 1))
        return try sum(cast(isEqual, to: .float32), axes: [1])
    }

    /// The number of samples whose best class is their label; a scalar. Ignored labels are never hit.
    package mutating func correctCount(logits: ValueID, labels: ValueID) throws(GraphError) -> ValueID {
        try sum(hits(logits: logits, labels: labels))
    }

    /// The part of the samples, without ignored ones, whose best class is their label; a scalar.
    package mutating func accuracy(
        logits: ValueID, labels: ValueID, ignoredLabel: Int? = nil
    ) throws(GraphError) -> ValueID {
        let hits = try hits(logits: logits, labels: labels)
        guard let ignoredLabel else { return try mean(hits) }
        let isIgnored = try binary(.equal, labels, scalar(ignoredLabel, like: labels))
        return try ratio(sum(hits), sum(complement(cast(isIgnored, to: .float32))))
    }
}
