import Glibc

/// How the errors change with the number of training samples.
package struct LearningCurve: Hashable, Sendable, Codable {
    package struct Point: Hashable, Sendable, Codable {
        package var samples: Int
        package var training: Estimate
        package var validation: Estimate
    }

    /// By rising number of samples.
    package var points: [Point]
    /// What a doubling of the samples did to the validation error, by least squares over the upper half of the curve.
    package var changePerDoubling: Double

    /// The slope over log2 of the samples.
    static func slope(_ points: [Point]) -> Double {
        let upper = points.suffix(max(2, (points.count + 1) / 2))
        let (xs, ys) = (upper.map { log2(Double($0.samples)) }, upper.map(\.validation.value))
        let count = Double(max(xs.count, 1))
        let (meanX, meanY) = (xs.reduce(0, +) / count, ys.reduce(0, +) / count)
        let square = xs.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
        return square > 0 ? zip(xs, ys).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) } / square : 0
    }
}

/// How the losses and errors go over the epochs of the baseline, means over the seeds.
package struct EpochCurve: Hashable, Sendable, Codable {
    package struct Point: Hashable, Sendable, Codable {
        package var epoch: Int
        package var trainingLoss: Double
        /// The mean, and the lowest and the highest seed.
        package var validationLoss: Estimate
        package var training: Double
        package var validation: Double
        package var gap: Double { validation - training }
    }

    package var points: [Point]
}

extension DiagnosisContext {
    func learningCurve() throws -> LearningCurve {
        let points = try options.fractions.map { fraction in
            let trials = part(fraction)
            let found = try errors(trials)
            return LearningCurve.Point(
                samples: trials[0].samples.count, training: resampling.share(of: found.training),
                validation: resampling.share(of: found.validation))
        }
        return LearningCurve(points: points, changePerDoubling: LearningCurve.slope(points))
    }

    func epochCurve() throws -> EpochCurve {
        let trials = baseline
        let histories = try trials.map(runner.history)
        let learned = trials[0].evaluated.dropFirst(validationRows.count).map { draw.labels[$0] }
        let learnedRows = validationRows.count..<trials[0].evaluated.count
        func mean(_ values: [[Double]]) -> Double { OutcomeTable(rows: values).mean }
        return EpochCurve(
            points: (0..<options.epochs).map { epoch in
                let all = histories.map { $0[epoch] }
                let losses = all.map { mean([$0.losses(validationRows, labels: validationLabels)]) }
                return EpochCurve.Point(
                    epoch: epoch + 1,
                    trainingLoss: mean(all.map { $0.losses(learnedRows, labels: learned) }),
                    validationLoss: Estimate(
                        losses.reduce(0, +) / Double(losses.count), losses.min() ?? 0, losses.max() ?? 0),
                    training: mean(all.map { $0.errors(learnedRows, labels: learned) }),
                    validation: mean(all.map { $0.errors(validationRows, labels: validationLabels) }))
            })
    }
}
