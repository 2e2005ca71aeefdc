import Foundation
import Plots
import Testing
import Training

@Suite struct LearningRateFinderTests {
    private struct Stop: Error {}

    /// A loss that falls around 0.01, is lowest at 0.1, and leaves.
    private func loss(_ rate: Double) -> Double {
        let place = log10(rate)
        return 1 - 0.8 / (1 + exp(-4 * (place + 2))) + exp(4 * (place + 0.5))
    }

    @Test func theSuggestionsLieWhereTheCurveFallsAndTurns() throws {
        let finder = LearningRateFinder(minimum: 1e-6, maximum: 100, steps: 400, smoothing: 0)
        let found = try finder.run(loss)
        guard case .diverged(let rate) = found.ending else {
            Issue.record("\(found.ending)")
            return
        }
        #expect(rate < 1 && found.points.last?.rate == rate)
        // The slope of the logistic is steepest at its middle; the rising part moves it a little to the left.
        #expect(abs(log10(try #require(found.steepest)) + 2) < 0.08)
        let lowest = try #require(found.points.min { $0.loss < $1.loss }).rate
        #expect(found.minimumByTen == lowest / 10)
        #expect(found.points.allSatisfy { $0.loss == $0.smoothed })
    }

    /// A loss that leaves in jumps falls most steeply behind its lowest point.
    @Test func theSteepestLiesBeforeTheMinimum() throws {
        let finder = LearningRateFinder(minimum: 1e-6, maximum: 1, steps: 300, smoothing: 0, divergence: 100)
        let found = try finder.run { rate in rate > 0.2 && rate < 0.25 ? 10 : loss(min(rate, 0.1)) }
        #expect(abs(log10(try #require(found.steepest)) + 2) < 0.08)
    }

    @Test func ratesAreSpacedAsAsked() {
        let finder = LearningRateFinder(minimum: 1e-4, maximum: 1, steps: 5)
        for (step, rate) in [1e-4, 1e-3, 1e-2, 1e-1, 1].enumerated() {
            #expect(abs(finder.rate(step: step) / rate - 1) < 1e-12)
        }
        let linear = LearningRateFinder(minimum: 1, maximum: 2, steps: 5, spacing: .linear)
        #expect((0..<5).map { linear.rate(step: $0) } == [1, 1.25, 1.5, 1.75, 2])
    }

    /// The first smoothed loss is the first loss; a constant stays what it is.
    @Test func smoothingIsUnbiased() throws {
        let finder = LearningRateFinder(steps: 50, smoothing: 0.95)
        let constant = try finder.run { _ in 3 }
        #expect(constant.points.count == 50 && constant.ending == .completed)
        #expect(constant.points.allSatisfy { abs($0.smoothed - 3) < 1e-12 })
        var number = 0
        let two = try finder.run { _ in
            number += 1
            return number == 1 ? 4 : 3
        }
        let second = (0.95 * 0.05 * 4 + 0.05 * 3) / (1 - 0.95 * 0.95)
        #expect(abs(two.points[1].smoothed - second) < 1e-12)
    }

    @Test func aLossThatOnlyRisesSuggestsNothing() throws {
        let found = try LearningRateFinder(steps: 60, smoothing: 0, divergence: 100).run { 1 + log(1 + $0 * 1e7) }
        #expect(found.steepest == nil && found.minimumByTen == nil)
    }

    @Test(arguments: [Double.nan, .infinity]) func aLossThatIsNotFiniteEndsIt(_ bad: Double) throws {
        let finder = LearningRateFinder(minimum: 1e-3, maximum: 1, steps: 30)
        let found = try finder.run { $0 > 0.1 ? bad : 1 }
        guard case .notFinite(let rate) = found.ending else {
            Issue.record("\(found.ending)")
            return
        }
        #expect(rate > 0.1 && found.points.count < 30 && found.points.allSatisfy { $0.loss == 1 })
        let first = try finder.run { _ in bad }
        #expect(first.points.isEmpty && first.steepest == nil && first.minimumByTen == nil)
        #expect(first.plot().svg.contains("not finite"))
    }

    /// Four times a negative loss is less, not more.
    @Test func negativeLossesDoNotDiverge() throws {
        #expect(try LearningRateFinder(steps: 20, smoothing: 0).run { _ in -5 }.ending == .completed)
        let found = try LearningRateFinder(steps: 20, smoothing: 0).run { $0 > 1 ? 20 : -5 }
        guard case .diverged = found.ending else {
            Issue.record("\(found.ending)")
            return
        }
    }

    @Test func errorsComeThroughAndRangesAreChecked() {
        #expect(throws: Stop.self) { try LearningRateFinder().run { _ in throw Stop() } }
        for (low, high) in [(0, 1), (-1, 1), (1, 1), (2, 1), (1, .infinity), (.nan, 1), (1, .nan)] as [(Double, Double)]
        {
            #expect(throws: OptimizerError.self) { try LearningRateFinder(minimum: low, maximum: high).run { _ in 1 } }
        }
        #expect(throws: Never.self) { try LearningRateFinder(steps: 0).run { _ in 1 } }
    }
}
