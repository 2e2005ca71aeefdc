package import Training

/// The learning rate range test on a task: steps with a rising rate, then the weights as they were.
///
///     let result = try RateRangeTest(finder: LearningRateFinder(steps: 100), batchSize: 32, seed: 7)
///         .run(learner, task.training)
///     print(result.found.steepest, result.isRestored)
package struct RateRangeTest: Sendable {
    package var finder: LearningRateFinder
    package var batchSize: Int
    /// Decides the order of the samples and what is drawn for them.
    package var seed: UInt64

    package init(finder: LearningRateFinder = LearningRateFinder(), batchSize: Int, seed: UInt64 = 0) {
        self.finder = finder
        self.batchSize = batchSize
        self.seed = seed
    }

    package struct Result: Hashable, Sendable {
        package var found: LearningRateFinder.Found
        /// SHA-256 of the weights before the test, and after it.
        package var digestBefore: String
        package var digestAfter: String

        /// Whether the weights are, bit for bit, what they were.
        package var isRestored: Bool { digestBefore == digestAfter }
    }

    /// Runs the test. The learner's weights and statistics are put back, whatever happens; its optimizer is not, so the
    /// training that follows begins with a learner of its own.
    ///
    /// - Parameter tick: called after each step with the number so far; false ends the test there.
    package func run(
        _ learner: Learner, _ samples: any TrainingSamples, tick: (Int) -> Bool = { _ in true }
    ) throws -> Result {
        guard samples.count > 0 else { throw LearningError.invalidBatch("there are no samples to train on") }
        let before = learner.weightsDigest
        let saved = learner.savedWeights()
        let found: LearningRateFinder.Found
        do {
            defer { learner.restoreWeights(saved) }
            found = try steps(learner, samples, tick)
        }
        return Result(found: found, digestBefore: before, digestAfter: learner.weightsDigest)
    }

    private func steps(
        _ learner: Learner, _ samples: any TrainingSamples, _ tick: (Int) -> Bool
    ) throws -> LearningRateFinder.Found {
        var epoch = 0
        var batches: [[Int]] = []
        var step = 0
        return try finder.run { rate in
            if batches.isEmpty {
                let order = EpochOrder(count: samples.count, batchSize: batchSize, seed: seed, epoch: epoch)
                // Smaller batches at an epoch's end would be noise in the curve.
                batches = order.batches.filter { $0.count == min(batchSize, samples.count) }.reversed()
                epoch += 1
            }
            let batch = try samples.batch(batches.removeLast(), draw: BatchDraw(seed: seed, epoch: epoch - 1))
            step += 1
            guard tick(step) else { throw CancellationError() }
            do {
                return Double(try learner.step(batch, rate: rate).loss)
            } catch LearningError.lossNotFinite, LearningError.gradientNotFinite {
                return .nan
            }
        }
    }
}

extension LearningRateFinder.Found {
    /// The rate to train with: a tenth of the one with the lowest loss, or the steepest where there is none. With small
    /// batches the slope of the curve is noise to a factor of ten or more, while its minimum stays where it is.
    package var suggestion: Double? { minimumByTen ?? steepest }
}
