package import Graphs
import Tensors

/// Cross-entropies of logits x with C classes on axis 1: N×C, N×C×H×W. Definitions are PyTorch's.
extension GraphBuilder {
    /// −log softmax(x)[label], for integer labels: N, N×H×W.
    ///
    /// - Parameters:
    ///   - labels: int64 or int32, in 0 ..< C or `ignoredLabel`.
    ///   - weights: float32, C: what each class counts.
    ///   - labelSmoothing: ε; the label has the probability 1 − ε + ε ÷ C, the others ε ÷ C (Szegedy et al. 2016).
    ///   - ignoredLabel: samples that do not count.
    ///   - reduction: the mean divides by the sum of the weights of the labels that count; it is 0 where none does.
    package mutating func crossEntropy(
        logits: ValueID, labels: ValueID, weights: ValueID? = nil, labelSmoothing: Float = 0,
        ignoredLabel: Int? = nil, reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        let scores = try node(.logSoftmax(axis: 1), [logits])
        var labels = labels
        // What each sample counts.
        var counts: ValueID?
        if let ignoredLabel {
            let isIgnored = try binary(.equal, labels, scalar(ignoredLabel, like: labels))
            labels = try select(isIgnored, scalar(0, like: labels), labels)
            counts = try complement(cast(isIgnored, to: .float32))
        }
        let kept = counts
        if let weights {
            // Not a table that is learned.
            let weight = try node(.gather(axis: 0), [node(.stopGradient, [weights]), labels])
            counts = if let kept { try multiply(kept, weight) } else { weight }
        }

        let picked = try node(.gatherElements(axis: 1), [scores, unsqueeze(labels, axis: 1)])
        var losses = try negate(squeeze(picked, axis: 1))
        if let counts { losses = try multiply(losses, counts) }
        if labelSmoothing > 0 {
            var others = try negate(classMean(scores, weights))
            if let kept { others = try multiply(others, kept) }
            losses = try add(scale(losses, by: 1 - labelSmoothing), scale(others, by: labelSmoothing))
        }
        guard reduction == .mean, let counts else { return try reduced(losses, reduction) }
        return try ratio(sum(losses), sum(counts))
    }

    /// −Σ p · log softmax(x), for a distribution p over the classes of the shape of x.
    ///
    /// - Parameter reduction: the mean divides by the number of samples, whatever the weights.
    package mutating func crossEntropy(
        logits: ValueID, probabilities: ValueID, weights: ValueID? = nil, labelSmoothing: Float = 0,
        reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        let scores = try node(.logSoftmax(axis: 1), [logits])
        var terms = try multiply(scores, probabilities)
        if let weights { terms = try multiply(terms, perClass(weights, like: scores)) }
        var losses = try negate(sum(terms, axes: [1]))
        if labelSmoothing > 0 {
            let others = try negate(classMean(scores, weights))
            losses = try add(scale(losses, by: 1 - labelSmoothing), scale(others, by: labelSmoothing))
        }
        return try reduced(losses, reduction)
    }

    /// The mean over the classes of weights · scores.
    private mutating func classMean(_ scores: ValueID, _ weights: ValueID?) throws(GraphError) -> ValueID {
        guard let weights else { return try mean(scores, axes: [1]) }
        return try mean(multiply(scores, perClass(weights, like: scores)), axes: [1])
    }

    /// Weights C in the shape 1×C×1…, of the rank of `scores`, which is not known yet.
    private mutating func perClass(_ weights: ValueID, like scores: ValueID) throws(GraphError) -> ValueID {
        let extents = try node(.shapeOf(start: 0, end: nil), [scores])
        let ones = try binary(.div, extents, extents)
        let rest = try node(.slice, [ones, list([2]), list([Int.max])])
        return try node(.reshape(allowsZero: false), [weights, concat([list([1, -1]), rest], axis: 0)])
    }

    /// −(p·y·log σ(x) + (1 − y)·log(1 − σ(x))) for logits x and targets y in [0, 1] of one shape.
    ///
    /// - Parameter positiveWeights: p, broadcast against x: what a positive counts.
    package mutating func binaryCrossEntropy(
        logits: ValueID, targets: ValueID, positiveWeights: ValueID? = nil, reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        // (1 − y)·x − (1 + (p − 1)·y)·log σ(x): neither term is a difference of great numbers.
        var negative = try unary(.softplus, negate(logits))
        if let positiveWeights {
            let weight = try shift(multiply(shift(positiveWeights, by: -1), targets), by: 1)
            negative = try multiply(negative, weight)
        }
        return try reduced(add(multiply(complement(targets), logits), negative), reduction)
    }

    /// The focal loss on sigmoids: −αt · (1 − pt)^γ · log pt, where pt is the probability that σ(x) gives to the target
    /// (Lin et al. 2017).
    ///
    /// - Parameters:
    ///   - targets: in [0, 1], of the shape of the logits.
    ///   - alpha: what a positive counts, a negative counting 1 − α; nil: both 1.
    package mutating func focalLoss(
        logits: ValueID, targets: ValueID, gamma: Float = 2, alpha: Float? = 0.25, reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        var losses = try binaryCrossEntropy(logits: logits, targets: targets, reduction: .none)
        // 1 − pt without a difference: σ(x)·(1 − y) + σ(−x)·y.
        let misses = try add(
            multiply(unary(.sigmoid, logits), complement(targets)),
            multiply(unary(.sigmoid, negate(logits)), targets))
        if gamma != 0 { losses = try multiply(losses, power(misses, gamma)) }
        if let alpha {
            losses = try multiply(losses, shift(scale(targets, by: 2 * alpha - 1), by: 1 - alpha))
        }
        return try reduced(losses, reduction)
    }

    /// a ≥ 0 to a fixed power. 0 itself has no slope for powers below 1.
    private mutating func power(_ a: ValueID, _ exponent: Float) throws(GraphError) -> ValueID {
        if exponent == 1 { return a }
        if exponent == 2 { return try square(a) }
        return try binary(.pow, atLeast(a, .leastNormalMagnitude), scalar(exponent))
    }
}
