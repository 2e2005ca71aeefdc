package import Graphs
import Tensors

extension GraphBuilder {
    /// Connectionist temporal classification: −log of the probability of all alignments of a label sequence (Graves,
    /// Fernández, Gomez, Schmidhuber 2006).
    ///
    /// - Parameters:
    ///   - logits: T×N×C; the softmax is a part of the loss.
    ///   - labels: N×S, integers; what lies past a sequence's length does not matter.
    ///   - inputLengths: N, integers, at most T.
    ///   - labelLengths: N, integers, at most S.
    ///   - ignoresImpossible: a sequence that is too short for its labels counts as 0 and has no gradient, instead of
    ///     being infinite.
    ///   - reduction: the mean divides each loss by the length of its labels, at least 1, and then by N.
    package mutating func ctcLoss(
        logits: ValueID, labels: ValueID, inputLengths: ValueID, labelLengths: ValueID, blank: Int = 0,
        ignoresImpossible: Bool = false, reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        let scores = try node(.logSoftmax(axis: -1), [logits])
        var losses = try nodes(
            .ctcLoss(blank: blank), [scores, labels, inputLengths, labelLengths], outputCount: 2)[0]
        if ignoresImpossible {
            let isPossible = try binary(.less, losses, scalar(.infinity))
            losses = try select(isPossible, losses, scalar(0))
        }
        if reduction == .mean {
            losses = try divide(losses, atLeast(cast(labelLengths, to: .float32), 1))
        }
        return try reduced(losses, reduction)
    }
}
