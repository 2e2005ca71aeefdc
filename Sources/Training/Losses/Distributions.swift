package import Graphs

/// Losses between distributions over the last axis.
extension GraphBuilder {
    /// The Kullback–Leibler divergence Σ t · (log t − log softmax(x)) of logits x from targets t; a target of 0 adds nothing.
    ///
    /// - Parameter reduction: over the rows, as PyTorch's `batchmean` has it; `none` gives one number for each.
    package mutating func klDivergence(
        logits: ValueID, targets: ValueID, reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        let scores = try node(.logSoftmax(axis: -1), [logits])
        let entropies = try unary(.log, atLeast(targets, .leastNormalMagnitude))
        return try reduced(sum(multiply(targets, subtract(entropies, scores)), axes: [-1]), reduction)
    }

    /// The divergence from a teacher, both at a temperature T, beside the cross-entropy to the labels:
    /// α·T²·KL(softmax(teacher ÷ T) ‖ softmax(logits ÷ T)) + (1 − α)·cross-entropy (Hinton, Vinyals, Dean 2015). Scalar.
    ///
    /// - Parameters:
    ///   - logits: N×C, the student's.
    ///   - teacher: N×C, logits; a constant to the gradient.
    ///   - labels: N, integers.
    package mutating func distillationLoss(
        logits: ValueID, teacher: ValueID, labels: ValueID, temperature: Float = 4, alpha: Float = 0.7
    ) throws(GraphError) -> ValueID {
        guard temperature > 0 else { throw GraphError(.invalidAttribute("a temperature of \(temperature)")) }
        let softer = try scale(node(.stopGradient, [teacher]), by: 1 / temperature)
        let taught = try klDivergence(
            logits: scale(logits, by: 1 / temperature), targets: node(.softmax(axis: -1), [softer]))
        let own = try crossEntropy(logits: logits, labels: labels)
        return try add(scale(taught, by: alpha * temperature * temperature), scale(own, by: 1 - alpha))
    }
}
