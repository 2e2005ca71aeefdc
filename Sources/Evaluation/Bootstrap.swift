import Dispatch
import Synchronization

/// How much the figures would vary with other images of the same kind: the images (of a classifier: the rows) are drawn
/// again and again, with replacement, as many as there are (Efron, 1979). What each detection met is known already, so a
/// resample only counts.
///
///     let bootstrap = Bootstrap(resamples: 1000, seed: 1)
///     bootstrap.interval(of: evaluation)?.ap                    // value, standard error, 95 % interval
///     bootstrap.comparison(of: float, with: int8)?.ap           // of the difference, image by image the same draw
///
/// Resamples are taken about the figure itself: their mean is moved onto it. Of a class that few images have, a resample
/// has either none, and then it stays out of the mean, or on average too much of it, so that resampled AP lies above AP
/// by a shift that is no uncertainty. The shift is told.
///
/// The result depends on the seed alone, whatever the number of threads.
package struct Bootstrap: Sendable {
    /// How often the images are drawn.
    package var resamples: Int
    /// What the draw depends on.
    package var seed: UInt64
    /// The threads that share the work.
    package var threads: Int

    /// A bootstrap.
    package init(resamples: Int = 1000, seed: UInt64 = 0, threads: Int = 1) {
        self.resamples = resamples
        self.seed = seed
        self.threads = threads
    }

    /// What the resamples say of a figure.
    package struct Estimate: Hashable, Sendable, Codable {
        /// The figure of the images as they are.
        package var value: Double
        /// The standard deviation over the resamples.
        package var standardError: Double
        /// The 2.5th percentile of the resamples, about the value.
        package var lower: Double
        /// The 97.5th percentile.
        package var upper: Double
        /// The share of resamples, about the value, that are below zero: of a difference, in which the second run is
        /// worse.
        package var shareBelowZero: Double
        /// The mean of the resamples minus the value.
        package var shift: Double
    }

    /// Estimates of average precision.
    package struct Estimates: Hashable, Sendable, Codable {
        /// Over the evaluation's thresholds.
        package var ap: Estimate
        /// At an overlap of 0.5; `nil` when the evaluation has no such threshold.
        package var ap50: Estimate?
    }

    /// The intervals of a run's average precision; `nil` when it has none, or without resamples.
    package func interval(of evaluation: DetectionEvaluation) -> Estimates? {
        estimates(of: [evaluation]) { $0[0] }
    }

    /// The intervals of the second run's average precision minus the first's. Both are of the same ground truth, with
    /// the same thresholds.
    package func comparison(
        of first: DetectionEvaluation, with second: DetectionEvaluation
    ) -> Estimates? {
        precondition(first.imageCount == second.imageCount, "two runs on the same images")
        return estimates(of: [first, second]) { $0[1] - $0[0] }
    }

    private func estimates(
        of runs: [DetectionEvaluation], combine: @Sendable ([Double]) -> Double
    ) -> Estimates? {
        let ones = Array(repeating: 1, count: runs[0].imageCount)
        let whole = runs.map { run in
            var accumulator = PrecisionAccumulator(thresholdCount: run.thresholds.count)
            return run.averagePrecision(weights: ones, accumulator: &accumulator)
        }
        guard resamples > 0, whole.allSatisfy({ $0 != nil }) else { return nil }
        let found = figures(of: runs)
        func estimate(_ figure: (DetectionEvaluation.Averages) -> Double?) -> Estimate? {
            let value = whole.compactMap { $0.flatMap(figure) }
            guard value.count == runs.count else { return nil }
            let samples = found.compactMap { averages -> Double? in
                let values = averages.compactMap { $0.flatMap(figure) }
                return values.count == runs.count ? combine(values) : nil
            }
            return Estimate(value: combine(value), samples: samples)
        }
        guard let ap = estimate(\.ap) else { return nil }
        return Estimates(ap: ap, ap50: estimate(\.ap50))
    }

    /// The averages of each run in each resample.
    private func figures(of runs: [DetectionEvaluation]) -> [[DetectionEvaluation.Averages?]] {
        eachResample(of: runs[0].imageCount) {
            runs.map { PrecisionAccumulator(thresholdCount: $0.thresholds.count) }
        } figure: { accumulators, weights in
            runs.indices.map { runs[$0].averagePrecision(weights: weights, accumulator: &accumulators[$0]) }
        }
    }

    /// Draws `count` things again and again, and takes a figure of how often each was drawn; by the number of the
    /// resample, whatever the number of threads. Each thread has a state of its own.
    func eachResample<State, Figure: Sendable>(
        of count: Int, state: @Sendable () -> State, figure: @Sendable (inout State, [Int]) -> Figure
    ) -> [Figure] {
        guard resamples > 0 else { return [] }
        let workers = min(max(threads, 1), resamples)
        let results = Mutex(Array(repeating: nil as Figure?, count: resamples))
        let generator = Philox(seed: seed)
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            var (weights, state) = ([Int](), state())
            for number in stride(from: worker, to: resamples, by: workers) {
                generator.resample(count, number: number, into: &weights)
                let found = figure(&state, weights)
                results.withLock { $0[number] = found }
            }
        }
        return results.withLock { $0.compactMap(\.self) }
    }
}

extension DetectionEvaluation {
    /// Average precision over the thresholds, and at 0.5 where that is one of them.
    struct Averages {
        var ap: Double
        var ap50: Double?
    }

    /// The averages with a weight for each image; `nil` when no class has an object.
    func averagePrecision(weights: [Int], accumulator: inout PrecisionAccumulator) -> Averages? {
        let half = threshold(0.5)
        var (sum, sumAtHalf, count) = (0.0, 0.0, 0)
        for classIndex in matches.indices {
            let hasObjects = accumulator.run(
                matches[classIndex], area: .all, limit: COCOProtocol.maximumDetections, weights: weights)
            guard hasObjects else { continue }
            count += 1
            sum += accumulator.precision.reduce(0, +) / Double(accumulator.precision.count)
            if let half { sumAtHalf += accumulator.averagePrecision(half) }
        }
        guard count > 0 else { return nil }
        return Averages(ap: sum / Double(count), ap50: half.map { _ in sumAtHalf / Double(count) })
    }
}

extension Bootstrap.Estimate {
    /// The estimate out of the resamples' figures; `nil` when there are none.
    init?(value: Double, samples: [Double]) {
        guard !samples.isEmpty else { return nil }
        let count = Double(samples.count)
        let shift = samples.reduce(0) { $0 + ($1 - value) } / count
        let centred = samples.map { $0 - shift }.sorted()
        let squares = centred.reduce(0) { $0 + ($1 - value) * ($1 - value) }
        self.init(
            value: value, standardError: samples.count > 1 ? (squares / (count - 1)).squareRoot() : 0,
            lower: Self.percentile(0.025, of: centred), upper: Self.percentile(0.975, of: centred),
            shareBelowZero: Double(centred.count { $0 < 0 }) / count, shift: shift)
    }

    /// A percentile of sorted numbers, interpolated between neighbours.
    private static func percentile(_ share: Double, of sorted: [Double]) -> Double {
        let place = share * Double(sorted.count - 1)
        let index = Int(place)
        guard index + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return sorted[index] + (place - Double(index)) * (sorted[index + 1] - sorted[index])
    }
}
