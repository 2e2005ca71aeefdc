package import Graphs

/// Losses of predictions p and targets t of one shape, element by element.
extension GraphBuilder {
    /// (p − t)².
    package mutating func meanSquaredError(
        predictions: ValueID, targets: ValueID, reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        try reduced(square(subtract(predictions, targets)), reduction)
    }

    /// |p − t|.
    package mutating func absoluteError(
        predictions: ValueID, targets: ValueID, reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        try reduced(unary(.abs, subtract(predictions, targets)), reduction)
    }

    /// d² ÷ 2 for d = |p − t| up to δ, then δ · (d − δ ÷ 2) (Huber 1964).
    package mutating func huberLoss(
        predictions: ValueID, targets: ValueID, delta: Float = 1, reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        guard delta > 0 else { throw GraphError(.invalidAttribute("a δ of \(delta)")) }
        // Both sides are c · (d − c ÷ 2) with c = min(d, δ).
        let distances = try unary(.abs, subtract(predictions, targets))
        let bounded = try atMost(distances, delta)
        return try reduced(multiply(bounded, subtract(distances, scale(bounded, by: 0.5))), reduction)
    }

    /// Huber's loss over its δ, here β; with β = 0 the absolute error (Girshick 2015).
    package mutating func smoothL1Loss(
        predictions: ValueID, targets: ValueID, beta: Float = 1, reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        guard beta != 0 else {
            return try absoluteError(predictions: predictions, targets: targets, reduction: reduction)
        }
        return try scale(
            huberLoss(predictions: predictions, targets: targets, delta: beta, reduction: reduction), by: 1 / beta)
    }
}
