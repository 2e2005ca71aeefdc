import Foundation
package import Plots

/// The learning rate range test (Smith, 2017): a few steps with a rising rate, until the loss leaves.
///
///     let finder = LearningRateFinder(minimum: 1e-6, maximum: 1, steps: 100)
///     let found = try finder.run { rate in try trainer.step(rate: rate) }     // the loss of that step
///     print(found.steepest, found.minimumByTen, found.ending)
///
/// The caller restores its weights afterwards. The loss is smoothed exponentially with bias correction; the test ends
/// early when the smoothed loss passes `divergence` times its best value, or a loss is not finite.
package struct LearningRateFinder: Hashable, Sendable {
    package enum Spacing: String, Hashable, Sendable, CaseIterable { case exponential, linear }

    package var minimum: Double
    package var maximum: Double
    package var steps: Int
    package var spacing: Spacing
    /// The share of the past in the smoothed loss, 0 ..< 1.
    package var smoothing: Double
    package var divergence: Double

    package init(
        minimum: Double = 1e-7, maximum: Double = 10, steps: Int = 100, spacing: Spacing = .exponential,
        smoothing: Double = 0.9, divergence: Double = 4
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.steps = steps
        self.spacing = spacing
        self.smoothing = smoothing
        self.divergence = divergence
    }

    package struct Point: Hashable, Sendable {
        package var rate: Double
        package var loss: Double
        package var smoothed: Double
    }

    package enum Ending: Hashable, Sendable {
        /// All steps were taken.
        case completed
        /// The smoothed loss passed its bound at this rate.
        case diverged(rate: Double)
        /// The loss was not finite at this rate; the curve ends before it.
        case notFinite(rate: Double)
    }

    package struct Found: Hashable, Sendable {
        package var points: [Point]
        package var ending: Ending
        /// The rate at which the smoothed loss falls most steeply over the logarithm of the rate; nil when it nowhere
        /// falls. The first tenth of the curve, in which the average settles, and the last twentieth are left out, and so
        /// is what lies behind the lowest point: where the loss jumps, it falls steeply too. The slope is that over a
        /// tenth of the curve.
        package var steepest: Double?
        /// A tenth of the rate at which the smoothed loss is lowest; nil when that is the first point.
        package var minimumByTen: Double?

        package init(points: [Point], ending: Ending, steepest: Double?, minimumByTen: Double?) {
            self.points = points
            self.ending = ending
            self.steepest = steepest
            self.minimumByTen = minimumByTen
        }
    }

    /// The rate of a step, 0 ..< steps.
    package func rate(step: Int) -> Double {
        let share = steps > 1 ? Double(step) / Double(steps - 1) : 0
        switch spacing {
        case .exponential: return minimum * pow(maximum / minimum, share)
        case .linear: return minimum + (maximum - minimum) * share
        }
    }

    /// Calls `step` with each rate and takes the loss that it returns. Throws what it throws, and `invalidRate` when the
    /// range is none.
    package func run(_ step: (_ rate: Double) throws -> Double) throws -> Found {
        guard minimum > 0, minimum.isFinite else { throw OptimizerError.invalidRate(minimum) }
        guard maximum > minimum, maximum.isFinite else { throw OptimizerError.invalidRate(maximum) }
        var points: [Point] = []
        var (average, best) = (0.0, Double.infinity)
        var ending = Ending.completed
        for index in 0..<max(steps, 0) {
            let rate = rate(step: index)
            let loss = try step(rate)
            guard loss.isFinite else {
                ending = .notFinite(rate: rate)
                break
            }
            average = smoothing * average + (1 - smoothing) * loss
            let smoothed = average / (1 - power(smoothing, index + 1))
            points.append(Point(rate: rate, loss: loss, smoothed: smoothed))
            // The same as divergence · best, but of use below 0 too.
            if smoothed > best + (divergence - 1) * abs(best) {
                ending = .diverged(rate: rate)
                break
            }
            best = min(best, smoothed)
        }
        return Found(
            points: points, ending: ending, steepest: Self.steepest(points), minimumByTen: Self.minimumByTen(points))
    }

    private static func steepest(_ points: [Point]) -> Double? {
        // Slopes between neighbours would be those of single batches.
        let reach = max(1, points.count / 20)
        let first = max(reach, points.count / 10)
        let lowest = points.indices.min { points[$0].smoothed < points[$1].smoothed } ?? 0
        let last = min(points.count - 1 - reach, lowest)
        guard first <= last else { return nil }
        var best: (slope: Double, rate: Double)?
        for index in first...last {
            let (before, after) = (points[index - reach], points[index + reach])
            let slope = (after.smoothed - before.smoothed) / log(after.rate / before.rate)
            if slope < best?.slope ?? 0 { best = (slope, points[index].rate) }
        }
        return best?.rate
    }

    private static func minimumByTen(_ points: [Point]) -> Double? {
        guard let lowest = points.indices.min(by: { points[$0].smoothed < points[$1].smoothed }), lowest > 0 else {
            return nil
        }
        return points[lowest].rate / 10
    }
}

extension LearningRateFinder.Found {
    /// The curve with the suggestions as markers. What lies far above the first losses is cut off.
    package func plot(title: String = "Learning rate range test") -> LinePlot {
        let smoothed = points.map(\.smoothed)
        var y = PlotAxis("loss")
        if let first = smoothed.first, let low = points.map(\.loss).min(), let high = smoothed.max(), high > low {
            let top = min(high, first + (first - low) * 1.5)
            if top > low { y.range = (low - (top - low) * 0.05)...(top + (top - low) * 0.05) }
        }
        var plot = LinePlot(
            title: title, x: PlotAxis("learning rate", scale: .logarithmic), y: y,
            lines: [
                .init(name: "loss", points: points.map { (x: $0.rate, y: $0.loss) }, drawing: .points),
                .init(name: "smoothed", points: points.map { (x: $0.rate, y: $0.smoothed) }),
            ], style: .equal)
        if let steepest { plot.markers.append(.init(x: steepest, label: "steepest: \(PlotAxis.short(steepest))")) }
        if let minimumByTen {
            plot.markers.append(.init(x: minimumByTen, label: "minimum ÷ 10: \(PlotAxis.short(minimumByTen))"))
        }
        switch ending {
        case .completed: break
        case .diverged(let rate): plot.markers.append(.init(x: rate, label: "diverged"))
        case .notFinite(let rate): plot.markers.append(.init(x: rate, label: "not finite"))
        }
        return plot
    }
}
