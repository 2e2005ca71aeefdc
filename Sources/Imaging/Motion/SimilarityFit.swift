import Detections

/// A place in one picture and where it is in the other.
struct Correspondence: Equatable, Sendable {
    var x: Double
    var y: Double
    var toX: Double
    var toY: Double
}

/// Fits a similarity transform to correspondences of which many may be wrong.
///
/// Transforms through two correspondences each are tried (M. Fischler and R. Bolles, "Random sample consensus", CACM
/// 1981), scored by the sum of squared residuals, each cut off (MSAC; P. Torr and A. Zisserman, "MLESAC", CVIU 2000).
/// The best one is refined by iteratively reweighted least squares with Tukey's biweight, whose width follows the
/// median residual. When nearly as many correspondences stand still, it starts from the identity instead: a large
/// object that passes a camera at rest is more likely than a camera that follows it. The drawn pairs depend on nothing but the number of correspondences.
struct SimilarityFit: Sendable {
    /// The transform, with the share of correspondences that follow it and how they lie.
    struct Result: Sendable {
        var transform: SimilarityTransform
        /// Correspondences with a residual of less than `inlierResidual`.
        var inliers: Int
        /// The root mean square distance of the inliers from their middle.
        var spread: Double
    }

    /// In the units of the correspondences.
    static let inlierResidual = 0.75
    /// What stands still wins against what moves from this share on.
    private static let stillShare = 0.6
    private static let trials = 100
    private static let refinements = 6
    /// Pairs that are nearer to one another than this tell too little of scale and rotation.
    private static let shortestPair = 24.0
    /// The narrowest and widest biweight.
    private static let widths = 0.1...1.5

    private var residuals: [Double] = []

    /// The best transform; `nil` when no pair of correspondences makes one.
    mutating func fit(_ points: [Correspondence]) -> Result? {
        guard var best = consensus(of: points) else { return nil }
        residuals.removeAll(keepingCapacity: true)
        for _ in points { residuals.append(0) }
        for _ in 0..<Self.refinements {
            for index in points.indices { residuals[index] = Self.squaredResidual(points[index], best).squareRoot() }
            let width = min(max(6 * medianOfInliers(), Self.widths.lowerBound), Self.widths.upperBound)
            guard let refined = Self.leastSquares(points, around: best, width: width) else { break }
            best = refined
        }
        return Self.measured(best, points)
    }

    private func consensus(of points: [Correspondence]) -> SimilarityTransform? {
        guard points.count >= 2 else { return nil }
        let cutOff = Self.inlierResidual * Self.inlierResidual
        var best: SimilarityTransform?
        var bestCost = Double.infinity
        for trial in 0..<Self.trials {
            let first = Self.draw(2 * trial, below: points.count)
            let second = (first + 1 + Self.draw(2 * trial + 1, below: points.count - 1)) % points.count
            guard let candidate = Self.through(points[first], points[second]) else { continue }
            var cost = 0.0
            for point in points { cost += min(Self.squaredResidual(point, candidate), cutOff) }
            if cost < bestCost { (best, bestCost) = (candidate, cost) }
        }
        guard let best else { return nil }
        let still = Self.measured(.identity, points).inliers
        return Double(still) >= Self.stillShare * Double(Self.measured(best, points).inliers) ? .identity : best
    }

    /// A number of 0..<count that belongs to the counter (the mixing function of SplitMix64).
    private static func draw(_ counter: Int, below count: Int) -> Int {
        var z = UInt64(counter) &* 0x9E37_79B9_7F4A_7C15 &+ 0x5ACC_ADE0_0000_0001
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)).multipliedFullWidth(by: UInt64(count)).high)
    }

    private static func through(_ p: Correspondence, _ q: Correspondence) -> SimilarityTransform? {
        let (dx, dy, ex, ey) = (q.x - p.x, q.y - p.y, q.toX - p.toX, q.toY - p.toY)
        let squared = dx * dx + dy * dy
        guard squared >= shortestPair * shortestPair else { return nil }
        let (a, b) = ((dx * ex + dy * ey) / squared, (dx * ey - dy * ex) / squared)
        return SimilarityTransform(a: a, b: b, tx: p.toX - (a * p.x - b * p.y), ty: p.toY - (b * p.x + a * p.y))
    }

    private static func squaredResidual(_ point: Correspondence, _ transform: SimilarityTransform) -> Double {
        let x = transform.a * point.x - transform.b * point.y + transform.tx - point.toX
        let y = transform.b * point.x + transform.a * point.y + transform.ty - point.toY
        return x * x + y * y
    }

    /// The median of the residuals that are inliers'.
    private mutating func medianOfInliers() -> Double {
        residuals.withUnsafeMutableBufferPointer { residuals in
            residuals.heapSort(by: <)
            let count = residuals.count { $0 < Self.inlierResidual }
            return count > 0 ? residuals[count / 2] : Self.inlierResidual
        }
    }

    /// The transform with the smallest weighted sum of squared residuals (closed form, around the weighted means).
    private static func leastSquares(
        _ points: [Correspondence], around transform: SimilarityTransform, width: Double
    ) -> SimilarityTransform? {
        func weight(_ point: Correspondence) -> Double {
            let rest = 1 - squaredResidual(point, transform) / (width * width)
            return rest > 0 ? rest * rest : 0
        }
        var (total, x, y, toX, toY) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for point in points {
            let w = weight(point)
            total += w
            x += w * point.x
            y += w * point.y
            toX += w * point.toX
            toY += w * point.toY
        }
        guard total > 0 else { return nil }
        (x, y, toX, toY) = (x / total, y / total, toX / total, toY / total)
        var (same, crossed, squared) = (0.0, 0.0, 0.0)
        for point in points {
            let w = weight(point)
            let (dx, dy, ex, ey) = (point.x - x, point.y - y, point.toX - toX, point.toY - toY)
            same += w * (dx * ex + dy * ey)
            crossed += w * (dx * ey - dy * ex)
            squared += w * (dx * dx + dy * dy)
        }
        guard squared > 0 else { return nil }
        let (a, b) = (same / squared, crossed / squared)
        return SimilarityTransform(a: a, b: b, tx: toX - (a * x - b * y), ty: toY - (b * x + a * y))
    }

    private static func measured(_ transform: SimilarityTransform, _ points: [Correspondence]) -> Result {
        var (count, x, y, squares) = (0.0, 0.0, 0.0, 0.0)
        for point in points where squaredResidual(point, transform) < inlierResidual * inlierResidual {
            count += 1
            x += point.x
            y += point.y
            squares += point.x * point.x + point.y * point.y
        }
        guard count > 0 else { return Result(transform: transform, inliers: 0, spread: 0) }
        let spread = squares / count - (x * x + y * y) / (count * count)
        return Result(transform: transform, inliers: Int(count), spread: max(0, spread).squareRoot())
    }
}
