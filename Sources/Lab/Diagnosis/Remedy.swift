/// What may close the gap, or better the fit. Each is tried alone, with about as many steps as the baseline.
package enum Remedy: String, CaseIterable, Hashable, Sendable, Codable {
    case moreData, augmentation, l1, l2, dropout, earlyStopping, smallerModel, ensemble
    /// Tried where the model underfits.
    case largerModel, longerTraining
    /// Training without the samples whose labels are suspect; tried where there are any.
    case cleanedLabels

    /// Those that are always tried.
    static let againstVariance: [Remedy] = [
        .moreData, .augmentation, .l1, .l2, .dropout, .earlyStopping, .smallerModel, .ensemble,
    ]

    /// The changes of the training that are tried; none where the remedy is of another kind.
    func treatments(_ options: DiagnosisOptions) -> [Treatment] {
        switch self {
        case .augmentation: [Treatment(augments: true)]
        case .l1: options.l1.map { Treatment(l1: $0) }
        case .l2: options.l2.map { Treatment(l2: $0) }
        case .dropout: options.dropout.map { Treatment(dropout: $0) }
        case .smallerModel: [Treatment(width: options.smallerWidth)]
        case .largerModel: [Treatment(width: options.largerWidth)]
        case .moreData, .earlyStopping, .ensemble, .longerTraining, .cleanedLabels: []
        }
    }

    /// Whether the samples and labels stay those of the baseline.
    var trainsOnTheSame: Bool { self != .moreData && self != .cleanedLabels }

    /// In tables and pictures.
    package var title: String {
        switch self {
        case .moreData: "more data"
        case .augmentation: "augmentation"
        case .l1: "L1"
        case .l2: "L2"
        case .dropout: "dropout"
        case .earlyStopping: "early stopping"
        case .smallerModel: "smaller model"
        case .ensemble: "ensemble"
        case .largerModel: "larger model"
        case .longerTraining: "longer training"
        case .cleanedLabels: "without suspect labels"
        }
    }

    /// As the next thing to do.
    var action: String {
        switch self {
        case .moreData: "collect more training data"
        case .augmentation: "train with augmentation"
        case .l1: "train with L1 regularization"
        case .l2: "train with L2 regularization (weight decay)"
        case .dropout: "train with dropout"
        case .earlyStopping: "stop early"
        case .smallerModel: "take a smaller model"
        case .ensemble: "average an ensemble"
        case .largerModel: "take a larger model"
        case .longerTraining: "train longer"
        case .cleanedLabels: "review the labels listed as suspect"
        }
    }
}

/// What a remedy did.
package struct RemedyOutcome: Hashable, Sendable, Codable {
    package var remedy: Remedy
    /// The numbers of the remedy, such as "30 %".
    package var detail: String
    /// Errors as shares of the samples.
    package var training: Estimate
    package var validation: Estimate
    package var gap: Estimate
    /// Against the baseline, sample by sample and seed by seed: below 0 is better.
    package var validationChange: Estimate
    package var gapChange: Estimate

    /// The remedy with its numbers where it has several, or where they say what is compared.
    var title: String {
        switch remedy {
        case .moreData, .l1, .l2, .dropout: "\(remedy.title) \(detail)"
        default: remedy.title
        }
    }
}

extension DiagnosisContext {
    /// Runs a remedy and compares it with the baseline, each of its strengths; nothing where the learner has no form for
    /// it.
    func outcomes(of remedy: Remedy, noise: LabelNoise) throws -> [RemedyOutcome] {
        let treatments = remedy.treatments(options)
        guard !treatments.isEmpty else { return try outcome(of: remedy, noise: noise).map { [$0] } ?? [] }
        let base = try errors(baseline)
        return try treatments.filter(learner.supports).map { treatment in
            let trials = treated(treatment)
            try runner.run(trials)
            return outcome(remedy, detail(treatment), try errors(trials), against: base)
        }
    }

    /// A remedy that is no treatment of the training.
    private func outcome(of remedy: Remedy, noise: LabelNoise) throws -> RemedyOutcome? {
        let base = try errors(baseline)
        switch remedy {
        case .moreData:
            if let trials = trials(of: remedy) {
                let all = samples.training.count + samples.further.count
                return outcome(
                    remedy, "\(samples.training.count) → \(all)", try errors(trials), against: base)
            }
            // Without further samples: what the last part of those at hand brought, from about a half to all.
            guard let half = options.fractions.dropLast().min(by: { abs($0 - 0.5) < abs($1 - 0.5) }) else { return nil }
            let count = Int((half * Double(samples.training.count)).rounded())
            return outcome(
                remedy, "\(count) → \(samples.training.count)", base, against: try errors(part(half)))
        case .earlyStopping:
            let (table, epoch) = try earlyStopping()
            return outcome(
                remedy, "epoch \(formatted(epoch, 1)) of \(options.epochs)", table, against: base)
        case .ensemble:
            return outcome(remedy, "\(baseline.count) members", try ensemble(), against: base)
        case .cleanedLabels:
            guard !noise.suspects.isEmpty else { return nil }
            let suspects = Set(noise.suspects.map(\.sample))
            let trials = without(suspects)
            try runner.run(trials)
            // Measured where the label is not suspect itself: a wrong label in validation punishes the right answer.
            let kept = samples.validation.indices.filter { !suspects.contains(samples.validation[$0]) }
            guard !kept.isEmpty else { return nil }
            func trusted(_ table: OutcomeTable) -> OutcomeTable {
                OutcomeTable(rows: table.rows.map { row in kept.map { row[$0] } })
            }
            let found = try errors(trials)
            return outcome(
                remedy, "\(samples.training.count - trials[0].samples.count) left out",
                (found.training, trusted(found.validation)), against: (base.training, trusted(base.validation)))
        case .longerTraining:
            let trials = longer
            try runner.run(trials)
            return outcome(remedy, "\(2 * options.epochs) epochs", try errors(trials), against: base)
        case .augmentation, .l1, .l2, .dropout, .smallerModel, .largerModel: return nil
        }
    }

    private func detail(_ treatment: Treatment) -> String {
        if treatment.l1 > 0 { return "\(treatment.l1)" }
        if treatment.l2 > 0 { return "\(treatment.l2)" }
        if treatment.dropout > 0 { return "\(formatted(100 * treatment.dropout, 0)) %" }
        return treatment.width != 1 ? "width × \(formatted(treatment.width, 2))" : ""
    }

    private func outcome(
        _ remedy: Remedy, _ detail: String, _ found: (training: OutcomeTable, validation: OutcomeTable),
        against base: (training: OutcomeTable, validation: OutcomeTable)
    ) -> RemedyOutcome {
        let (training, validation) = (resampling.share(of: found.training), resampling.share(of: found.validation))
        let change = resampling.mean(of: found.validation - base.validation)
        let trainingChange =
            found.training.rows.first?.count == base.training.rows.first?.count
            ? resampling.mean(of: found.training - base.training) : training - resampling.share(of: base.training)
        return RemedyOutcome(
            remedy: remedy, detail: detail, training: training, validation: validation, gap: validation - training,
            validationChange: change, gapChange: change - trainingChange)
    }

    /// The baseline's members as one: their probabilities' mean.
    private func ensemble() throws -> (training: OutcomeTable, validation: OutcomeTable) {
        let trials = baseline
        guard let mean = Predictions.mean(of: try trials.map(runner.predictions)), let trial = trials.first else {
            throw DiagnosisError.invalidPredictions("there are none")
        }
        let learned = trial.evaluated.dropFirst(validationRows.count).map { draw.labels[$0] }
        return (
            OutcomeTable(rows: [mean.errors(validationRows.count..<trial.evaluated.count, labels: learned)]),
            OutcomeTable(rows: [mean.errors(validationRows, labels: validationLabels)])
        )
    }

    /// Stops at the epoch with the lowest validation loss. The epoch is chosen on one half of the validation samples and
    /// measured on the other, and the other way round: a choice on the samples that it is measured on looks too good.
    private func earlyStopping() throws -> (
        errors: (training: OutcomeTable, validation: OutcomeTable), epoch: Double
    ) {
        var (training, validation) = (OutcomeTable(rows: []), OutcomeTable(rows: []))
        var epochs: [Double] = []
        let labels = validationLabels
        let order = draw.stratifiedOrder(samples.validation, number: -3)
        let first = Set(order.enumerated().filter { $0.offset % 2 == 0 }.map(\.element))
        for trial in baseline {
            let history = try runner.history(trial)
            let losses = history.map { $0.losses(validationRows, labels: labels) }
            let learned = trial.evaluated.dropFirst(validationRows.count).map { draw.labels[$0] }
            var row = [Double](repeating: 0, count: labels.count)
            var learnedRow = [Double](repeating: 0, count: learned.count)
            for isFirst in [true, false] {
                func sum(_ losses: [Double]) -> Double {
                    zip(samples.validation, losses).reduce(0) { first.contains($1.0) == isFirst ? $0 + $1.1 : $0 }
                }
                let sums = losses.map(sum)
                let best = sums.indices.min { sums[$0] < sums[$1] } ?? 0
                epochs.append(Double(best + 1))
                let errors = history[best].errors(validationRows, labels: labels)
                for place in row.indices where first.contains(samples.validation[place]) != isFirst {
                    row[place] = errors[place]
                }
                let fitted = history[best].errors(validationRows.count..<trial.evaluated.count, labels: learned)
                for place in learnedRow.indices { learnedRow[place] += fitted[place] / 2 }
            }
            validation.rows.append(row)
            training.rows.append(learnedRow)
        }
        return ((training, validation), epochs.reduce(0, +) / Double(max(epochs.count, 1)))
    }
}
