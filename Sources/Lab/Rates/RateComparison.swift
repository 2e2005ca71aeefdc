import Plots
package import Training

/// Trainings that differ in their learning rate alone: the same first weights, samples in the same order.
///
///     let comparison = try RateComparison.run(
///         [.init("too low", 0.0001), .init("suggested", 0.003), .init("too high", 0.09)], task: task, …)
///     print(comparison.text)
package struct RateComparison: Sendable {
    /// A rate to be tried.
    package struct Candidate: Hashable, Sendable {
        package var name: String
        package var rate: Double

        package init(_ name: String, _ rate: Double) {
            self.name = name
            self.rate = rate
        }
    }

    /// What came of a rate.
    package struct Outcome: Sendable {
        package var candidate: Candidate
        /// One for each epoch.
        package var rows: [TrainingLogRow]
        /// What ended the training before its time: the loss was no number.
        package var failure: String?
        package var epochs: Int

        /// The lowest validation loss, and the accuracy of that epoch.
        package var best: (loss: Double, accuracy: Double?)? {
            let finite = rows.filter { $0.validationLoss?.isFinite == true }
            guard let row = finite.min(by: { ($0.validationLoss ?? 0) < ($1.validationLoss ?? 0) }) else { return nil }
            return (row.validationLoss ?? 0, row.metrics.first ?? nil)
        }

        /// Mean of the first epochs' training losses: how fast it learns.
        package var lastTrainLoss: Double? { rows.last?.trainLoss }
    }

    package var outcomes: [Outcome]

    package init(outcomes: [Outcome]) { self.outcomes = outcomes }

    /// Trains with each rate, held constant.
    ///
    /// - Parameters:
    ///   - makeLearner: the same learner each time, with its first weights.
    ///   - progress: called after each step of each training; false ends it all.
    package static func run(
        _ candidates: [Candidate], training: any TrainingSamples, validation: any TrainingSamples, epochs: Int,
        batchSize: Int, seed: UInt64, makeLearner: () throws -> Learner,
        progress: (Candidate, TrainingProgress) -> Bool = { _, _ in true }
    ) throws -> RateComparison {
        var outcomes: [Outcome] = []
        for candidate in candidates {
            let options = TrainerOptions(
                epochs: epochs, batchSize: batchSize, schedule: Schedule(.constant(rate: candidate.rate)), seed: seed)
            let trainer = try Trainer(
                try makeLearner(), training: training, validation: validation, options: options)
            var outcome = Outcome(candidate: candidate, rows: [], failure: nil, epochs: epochs)
            // The trainer's own log ends with it when a loss is no number.
            do {
                let summary = try trainer.run { state in
                    if let results = state.validation {
                        outcome.rows.append(
                            TrainingLogRow(
                                epoch: state.epoch, step: state.step, rate: state.rate, trainLoss: state.trainLoss,
                                validationLoss: Double(results.loss),
                                metrics: [results.metrics[LearningTask.accuracy].map { Double($0) }]))
                    }
                    return progress(candidate, state)
                }
                if summary.end == .interrupted { throw CancellationError() }
            } catch let error as LearningError {
                guard error.isDivergence else { throw error }
                outcome.failure = error.description
            }
            outcomes.append(outcome)
        }
        return RateComparison(outcomes: outcomes)
    }

    /// The candidate with the lowest validation loss; nil when none has any.
    package var winner: Outcome? {
        outcomes.filter { $0.best != nil }.min { ($0.best?.loss ?? 0) < ($1.best?.loss ?? 0) }
    }

    /// Loss and accuracy of all candidates over the epochs, one above the other.
    package func svg(title: String) -> String {
        let epochs = Double(outcomes.map(\.epochs).max() ?? 1)
        let x = PlotAxis("epoch", range: 0...epochs)
        func lines(_ value: (TrainingLogRow) -> Double?) -> [LinePlot.Line] {
            outcomes.map { outcome in
                LinePlot.Line(
                    name: Self.label(outcome.candidate),
                    points: outcome.rows.map { (x: Double($0.epoch + 1), y: value($0)) }, drawing: .lineWithPoints)
            }
        }
        func plot(_ title: String, _ axis: PlotAxis, _ lines: [LinePlot.Line]) -> LinePlot {
            LinePlot(title: title, x: x, y: axis, lines: lines, style: .equal, size: (520, 200))
        }
        func losses(_ title: String, _ lines: [LinePlot.Line]) -> LinePlot {
            let values = lines.flatMap(\.points).compactMap(\.y).filter { $0.isFinite && $0 > 0 }
            let isWide = (values.max() ?? 0) > 20 * (values.min() ?? 1)
            return plot(title, PlotAxis("loss", scale: isWide ? .logarithmic : .linear), lines)
        }
        return LinePlot.stacked([
            losses("\(title): training loss", lines { $0.trainLoss }),
            losses("Validation loss", lines { $0.validationLoss }),
            plot("Validation accuracy", PlotAxis("accuracy", range: 0...1), lines { $0.metrics.first ?? nil }),
        ])
    }

    static func label(_ candidate: Candidate) -> String {
        "\(candidate.name): \(PlotAxis.short(candidate.rate))"
    }

    /// A table for people, and who won.
    package var text: String {
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(width - text.count, 0)) + text
        }
        func number(_ value: Double?) -> String { value.map { PlotAxis.short($0) } ?? "–" }
        let first = outcomes.map(\.candidate.name.count).max() ?? 0
        var text = padded("", first) + "        rate  train loss  validation loss  accuracy\n"
        for outcome in outcomes {
            let name = outcome.candidate.name
            text += name + String(repeating: " ", count: first - name.count)
            text += padded(PlotAxis.short(outcome.candidate.rate), 12) + padded(number(outcome.lastTrainLoss), 12)
            text += padded(number(outcome.best?.loss), 17) + padded(number(outcome.best?.accuracy), 10)
            if let failure = outcome.failure { text += "  " + failure }
            text += "\n"
        }
        guard let winner else { return text + "no rate led to a finite validation loss\n" }
        return text + "best: \(winner.candidate.name), \(PlotAxis.short(winner.candidate.rate))\n"
    }
}

extension LearningError {
    /// Whether the loss or its gradient left the numbers, as rates that are too high make it.
    package var isDivergence: Bool {
        switch self {
        case .lossNotFinite, .gradientNotFinite: true
        default: false
        }
    }
}
