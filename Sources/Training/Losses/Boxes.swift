package import Graphs
import Tensors

/// Losses of detectors.
extension GraphBuilder {
    /// Complete IoU: 1 − IoU + ρ² ÷ c² + α·v of boxes …×4 (x₁, y₁, x₂, y₂; x₁ < x₂, y₁ < y₂), where ρ is the distance of the
    /// centres, c the diagonal of the hull, v = 4 ÷ π² · (difference of atan(width ÷ height))², and α = v ÷ (1 − IoU + v)
    /// a constant to the gradient (Zheng et al. 2020).
    ///
    /// - Parameters:
    ///   - epsilon: added to the union, to c² and to the denominator of α.
    ///   - reduction: over all boxes; `none` gives the leading axes.
    package mutating func completeIoULoss(
        predictions: ValueID, targets: ValueID, epsilon: Float = 1e-7, reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        let (p, t) = (try corners(predictions), try corners(targets))
        let (width, height) = (try subtract(p.right, p.left), try subtract(p.bottom, p.top))
        let (targetWidth, targetHeight) = (try subtract(t.right, t.left), try subtract(t.bottom, t.top))

        let intersection = try multiply(
            atLeast(subtract(binary(.min, p.right, t.right), binary(.max, p.left, t.left)), 0),
            atLeast(subtract(binary(.min, p.bottom, t.bottom), binary(.max, p.top, t.top)), 0))
        let areas = try add(multiply(width, height), multiply(targetWidth, targetHeight))
        let iou = try divide(intersection, shift(subtract(areas, intersection), by: epsilon))

        let hull = try add(
            square(subtract(binary(.max, p.right, t.right), binary(.min, p.left, t.left))),
            square(subtract(binary(.max, p.bottom, t.bottom), binary(.min, p.top, t.top))))
        let across = try subtract(add(p.left, p.right), add(t.left, t.right))
        let along = try subtract(add(p.top, p.bottom), add(t.top, t.bottom))
        let distance = try divide(scale(add(square(across), square(along)), by: 0.25), shift(hull, by: epsilon))

        // The difference of two angles in one arctangent: (a − b) ÷ (1 + a·b), times both heights.
        let sine = try subtract(multiply(targetWidth, height), multiply(width, targetHeight))
        let cosine = try add(multiply(targetHeight, height), multiply(targetWidth, width))
        let angle = try arctangent(divide(sine, atLeast(cosine, epsilon * epsilon)))
        let v = try scale(square(angle), by: 4 / (Float.pi * Float.pi))
        let alpha = try node(
            .stopGradient, [divide(v, shift(add(complement(iou), v), by: epsilon))])

        let losses = try add(add(complement(iou), distance), multiply(alpha, v))
        return try reduced(squeeze(losses, axis: -1), reduction)
    }

    private struct Corners { let left, top, right, bottom: ValueID }

    /// Each of extent 1 along the last axis.
    private mutating func corners(_ boxes: ValueID) throws(GraphError) -> Corners {
        let parts = try split(boxes, axis: -1, sizes: [1, 1, 1, 1])
        return Corners(left: parts[0], top: parts[1], right: parts[2], bottom: parts[3])
    }

    /// atan x, to within rounding: atan x = 2 · atan(x ÷ (1 + √(1 + x²))) three times, then five terms of its series,
    /// whose argument is at most tan(π ÷ 16).
    mutating func arctangent(_ x: ValueID) throws(GraphError) -> ValueID {
        var x = x
        for _ in 0..<3 {
            x = try divide(x, shift(unary(.sqrt, shift(square(x), by: 1)), by: 1))
        }
        let square = try square(x)
        var series = try scalar(1 / 9)
        for divisor in [7, 5, 3, 1] as [Float] {
            series = try complement(multiply(square, series), of: 1 / divisor)
        }
        return try scale(multiply(x, series), by: 8)
    }

    /// The distribution focal loss: the cross-entropies to the bins left and right of a target, weighted by its nearness
    /// to each (Li et al. 2020).
    ///
    /// - Parameters:
    ///   - logits: …×bins.
    ///   - targets: …, in [0, bins − 1).
    package mutating func distributionFocalLoss(
        logits: ValueID, targets: ValueID, reduction: Reduction = .mean
    ) throws(GraphError) -> ValueID {
        let scores = try node(.logSoftmax(axis: -1), [logits])
        let floor = try unary(.floor, targets)
        let left = try unsqueeze(cast(floor, to: .int64), axis: -1)
        let right = try add(left, scalar(1, like: left))
        let near = try squeeze(node(.gatherElements(axis: -1), [scores, left]), axis: -1)
        let far = try squeeze(node(.gatherElements(axis: -1), [scores, right]), axis: -1)
        let part = try subtract(targets, floor)
        let losses = try negate(add(multiply(complement(part), near), multiply(part, far)))
        return try reduced(losses, reduction)
    }
}
