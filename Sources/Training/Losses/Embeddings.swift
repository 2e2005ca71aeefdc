package import Graphs

/// Losses that bring embeddings N×D of like samples together.
extension GraphBuilder {
    /// max(0, ‖a − p‖ − ‖a − n‖ + margin) for anchors a, positives p and negatives n (Schroff et al. 2015).
    ///
    /// - Parameter epsilon: added to each component of the differences, as PyTorch does.
    package mutating func tripletLoss(
        anchors: ValueID, positives: ValueID, negatives: ValueID, margin: Float = 1, epsilon: Float = 1e-6,
        reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        let near = try norm(shift(subtract(anchors, positives), by: epsilon), least: 1e-12)
        let far = try norm(shift(subtract(anchors, negatives), by: epsilon), least: 1e-12)
        return try reduced(unary(.relu, shift(subtract(near, far), by: margin)), reduction)
    }

    /// InfoNCE: row i of the queries belongs to row i of the keys, every other row is a negative; cosine similarities
    /// over the temperature (van den Oord et al. 2018). Scalar.
    ///
    /// - Parameter isSymmetric: the mean of the loss from queries to keys and the one from keys to queries.
    package mutating func infoNCELoss(
        queries: ValueID, keys: ValueID, temperature: Float = 0.07, isSymmetric: Bool = false
    ) throws(GraphError) -> ValueID {
        let scores = try similarities(normalized(queries), normalized(keys), temperature)
        let own = try indices(queries, axis: 0)
        let loss = try crossEntropy(logits: scores, labels: own)
        guard isSymmetric else { return loss }
        let back = try crossEntropy(logits: transpose(scores, [1, 0]), labels: own)
        return try scale(add(loss, back), by: 0.5)
    }

    /// NT-Xent: rows i and i + N ÷ 2 are views of one sample, all others are negatives (Chen et al. 2020). Scalar; N is even.
    package mutating func ntXentLoss(embeddings: ValueID, temperature: Float = 0.5) throws(GraphError) -> ValueID {
        let rows = try normalized(embeddings)
        let scores = try similarities(rows, rows, temperature)
        let own = try indices(embeddings, axis: 0)
        let count = try extent(embeddings, axis: 0)
        let half = try binary(.div, count, scalar(2, like: count))
        let partner = try binary(.mod, add(own, half), count)
        // A row is no negative of itself: its score is far below all others.
        let isSelf = try binary(.equal, unsqueeze(own, axis: 1), own)
        return try crossEntropy(logits: select(isSelf, scalar(-1e30), scores), labels: partner)
    }

    private mutating func similarities(
        _ a: ValueID, _ b: ValueID, _ temperature: Float
    ) throws(GraphError) -> ValueID {
        guard temperature > 0 else { throw GraphError(.invalidAttribute("a temperature of \(temperature)")) }
        return try scale(node(.gemm(Gemm(transposesB: true)), [a, b]), by: 1 / temperature)
    }
}
