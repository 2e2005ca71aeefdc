import Graphs

package struct TrainerOptions: Sendable {
    package var epochs: Int
    package var batchSize: Int
    package var schedule: Schedule
    /// Decides the order of the samples and their augmentation.
    package var seed: UInt64
    /// Where checkpoints, the log and its curves go; nil: nowhere.
    package var folder: String?
    /// Steps from one checkpoint to the next; there is one at the end of each epoch too.
    package var checkpointInterval: Int
    /// Whether the run goes on where the folder's newest checkpoint stands.
    package var resumes: Bool
    /// Validations without an improvement after which the run ends; nil: never before its last epoch.
    package var patience: Int?
    /// The decay of an average of the weights, which is validated and exported in their place; nil: none.
    package var averageDecay: Double?
    /// How the decay grows to it.
    package var averageWarmup = WeightAverage.Warmup.count
    /// Batches that are made ahead.
    package var batchesAhead = 2

    package init(
        epochs: Int, batchSize: Int, schedule: Schedule, seed: UInt64 = 0, folder: String? = nil,
        checkpointInterval: Int = 200, resumes: Bool = false, patience: Int? = nil, averageDecay: Double? = nil
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.schedule = schedule
        self.seed = seed
        self.folder = folder
        self.checkpointInterval = checkpointInterval
        self.resumes = resumes
        self.patience = patience
        self.averageDecay = averageDecay
    }
}

/// How far a training is.
package struct TrainingProgress: Sendable {
    /// From 0.
    package var epoch: Int
    /// Steps taken so far, of `totalSteps`.
    package var step: Int
    package var totalSteps: Int
    package var rate: Double
    /// The mean loss of the epoch so far.
    package var trainLoss: Double
    /// Of this epoch, at its end.
    package var validation: Learner.Results?
}

/// What came of a training.
package struct TrainingSummary: Sendable {
    package enum End: String, Sendable {
        case finished, stoppedEarly, interrupted
    }

    package var end: End
    package var steps: Int
    package var epochs: Int
    /// The best validation, and the epoch that had it; nil without validation.
    package var best: (epoch: Int, results: Learner.Results)?
    package var log: [TrainingLogRow]
    /// The checkpoint that the run went on from.
    package var resumedAt: Int?
    /// Why newer checkpoints were passed over.
    package var warnings: [String]
}

/// Trains for some epochs: batches made ahead, the schedule's rates, validation, checkpoints, log and curves.
///
///     let trainer = try Trainer(learner, training: samples, validation: others, options: options)
///     let summary = try trainer.run { progress in print(progress.trainLoss); return true }
///
/// A run is decided by its seeds: a resumed run ends with the same bits as one that was never stopped, and so does one
/// with another number of threads. At every moment the newest checkpoint, or the one before it, is whole.
package final class Trainer {
    package let learner: Learner
    package let options: TrainerOptions
    private let training: any TrainingSamples
    private let validation: (any TrainingSamples)?
    private let validator: (any TrainingValidator)?
    private let folder: CheckpointFolder?
    private var average: AverageBox?
    private var state = TrainerState()
    private var rows: [TrainingLogRow] = []
    private var warnings: [String] = []
    private var resumedAt: Int?
    private let metricNames: [String]

    /// The average has one owner; it is held apart so that there may be none.
    private final class AverageBox {
        var average: WeightAverage
        init(_ average: consuming WeightAverage) { self.average = average }
    }

    /// - Parameter validator: judges in place of the loss on `validation`.
    /// - Throws: `LearningError` for no samples, and what is wrong with the folder or its checkpoint.
    package init(
        _ learner: Learner, training: any TrainingSamples, validation: (any TrainingSamples)? = nil,
        validator: (any TrainingValidator)? = nil, options: TrainerOptions
    ) throws {
        guard training.count > 0 else { throw LearningError.invalidBatch("there are no samples to train on") }
        guard options.epochs > 0, options.batchSize > 0, options.checkpointInterval > 0 else {
            throw LearningError.invalidModel("epochs, batch size and steps between checkpoints must be above 0")
        }
        self.learner = learner
        self.training = training
        self.validation = validation.flatMap { $0.count > 0 ? $0 : nil }
        self.validator = validator
        self.options = options
        metricNames = validator?.metricNames ?? learner.metricNames
        folder = try options.folder.map { (path) throws in
            try TrainingFolder.make(path)
            return try CheckpointFolder(path + "/checkpoints")
        }
        if let decay = options.averageDecay {
            average = AverageBox(
                try WeightAverage(
                    of: learner.values, count: learner.weightCount, decay: decay, warmup: options.averageWarmup,
                    threads: learner.options.threads))
        }
        if let rule = options.schedule.plateau { state.plateau = PlateauController(rule).state }
        if options.resumes { try resume() }
    }

    private var stepsPerEpoch: Int { (training.count - 1) / options.batchSize + 1 }
    package var totalSteps: Int { stepsPerEpoch * options.epochs }

    // MARK: The run

    /// Trains until the end, or until `observe` returns false: then a checkpoint is left to go on from.
    ///
    /// - Parameter observe: called after each step, and at the end of each epoch with its validation.
    /// - Throws: what samples, model, files and `observe` throw, when the state of the last whole step has been saved;
    ///   `UnsavedRunError` when it could not be. A loss that is no number ends the run as well.
    package func run(_ observe: (TrainingProgress) throws -> Bool = { _ in true }) throws -> TrainingSummary {
        rows = []
        var log: TrainingLog?
        if let path = options.folder {
            log = try TrainingLog(path + "/log.csv", metricNames: metricNames, resumingAt: resumedAt)
            rows = log?.rows ?? []
        }
        while state.epoch < options.epochs, !state.isStopped {
            let isWhole: Bool
            do {
                isWhole = try runEpoch(observe)
            } catch {
                // A step that fails changes nothing: this is the last good state.
                do {
                    try save(isBest: false)
                } catch let failure { throw UnsavedRunError(cause: error, saving: failure) }
                throw error
            }
            guard isWhole else {
                try save(isBest: false)
                return summary(.interrupted)
            }
            let results = try validate()
            let isBest = takeIn(results)
            let row = TrainingLogRow(
                epoch: state.epoch, step: learner.stepCount, rate: rate(learner.stepCount - 1),
                trainLoss: state.lossSum / Double(max(state.sampleCount, 1)),
                validationLoss: results.map { Double($0.loss) },
                metrics: metricNames.map { name in results?.metrics[name].map { Double($0) } })
            rows.append(row)
            try log?.append(row)
            _ = try observe(progress(validation: results))
            state.epoch += 1
            state.lossSum = 0
            state.sampleCount = 0
            try save(isBest: isBest)
            try drawCurves()
        }
        return summary(state.isStopped ? .stoppedEarly : .finished)
    }

    /// The rest of the epoch; false when it was interrupted.
    private func runEpoch(_ observe: (TrainingProgress) throws -> Bool) throws -> Bool {
        let order = EpochOrder(
            count: training.count, batchSize: options.batchSize, seed: options.seed, epoch: state.epoch)
        let first = learner.stepCount - state.epoch * stepsPerEpoch
        let batches = Array(order.batches[first...])
        let loader = BatchLoader(
            training, batches: batches, draw: BatchDraw(seed: options.seed, epoch: state.epoch),
            ahead: options.batchesAhead)
        for indices in batches {
            guard let batch = try loader.next() else { break }
            let step = learner.stepCount
            learner.momentum = options.schedule.momentum(step: step)
            let results = try learner.step(batch, rate: rate(step))
            average?.average.update(from: learner.values)
            state.lossSum += Double(results.loss) * Double(indices.count)
            state.sampleCount += indices.count
            let isLast = learner.stepCount == (state.epoch + 1) * stepsPerEpoch
            if !isLast, learner.stepCount % options.checkpointInterval == 0 { try save(isBest: false) }
            guard try observe(progress(validation: nil)) else { return false }
        }
        return true
    }

    private func rate(_ step: Int) -> Double {
        let rate = options.schedule.rate(step: max(step, 0))
        guard let rule = options.schedule.plateau else { return rate }
        return PlateauController(rule, state: state.plateau ?? .init()).rate(rate)
    }

    private func progress(validation: Learner.Results?) -> TrainingProgress {
        TrainingProgress(
            epoch: state.epoch, step: learner.stepCount, totalSteps: totalSteps, rate: rate(learner.stepCount - 1),
            trainLoss: state.lossSum / Double(max(state.sampleCount, 1)), validation: validation)
    }

    private func summary(_ end: TrainingSummary.End) -> TrainingSummary {
        TrainingSummary(
            end: end, steps: learner.stepCount, epochs: state.epoch,
            best: state.best.map { best in
                (
                    best.epoch,
                    Learner.Results(loss: best.loss, metrics: best.metrics, gradientNorm: 0)
                )
            }, log: rows, resumedAt: resumedAt, warnings: warnings)
    }

    // MARK: Validation

    /// The mean over samples of the graph's outputs, with the averaged weights where there are some.
    package func evaluate(_ samples: any TrainingSamples) throws -> Learner.Results {
        try withAveragedWeights {
            var loss = 0.0
            var metrics: [String: Double] = [:]
            let order = EpochOrder(count: samples.count, batchSize: options.batchSize)
            let loader = BatchLoader(samples, batches: order.batches, draw: nil, ahead: options.batchesAhead)
            for indices in order.batches {
                guard let batch = try loader.next() else { break }
                let results = try learner.evaluate(batch)
                let share = Double(indices.count) / Double(samples.count)
                loss += Double(results.loss) * share
                for (name, value) in results.metrics { metrics[name, default: 0] += Double(value) * share }
            }
            return Learner.Results(
                loss: Float(loss), metrics: metrics.mapValues { Float($0) }, gradientNorm: 0)
        }
    }

    private func validate() throws -> Learner.Results? {
        guard let validator else { return try validation.map { try evaluate($0) } }
        return try withAveragedWeights { try validator.validate(learner, epoch: state.epoch) }
    }

    /// Takes in a validation; whether it is the best so far. Without validation every epoch is.
    private func takeIn(_ results: Learner.Results?) -> Bool {
        guard let results else { return true }
        if let rule = options.schedule.plateau {
            var plateau = PlateauController(rule, state: state.plateau ?? .init())
            _ = plateau.observe(Double(results.loss))
            state.plateau = plateau.state
        }
        if let patience = options.patience {
            var stopping = EarlyStopping(patience: patience, state: state.stopping ?? .init())
            if stopping.observe(Double(results.loss)) == .stop { state.isStopped = true }
            state.stopping = stopping.state
        }
        guard results.loss.isFinite, results.loss < state.best?.loss ?? .infinity else { return false }
        state.best = TrainerState.Best(epoch: state.epoch, loss: results.loss, metrics: results.metrics)
        return true
    }

    /// Calls `body` while the learner's parameters are the averaged ones.
    package func withAveragedWeights<Value>(_ body: () throws -> Value) rethrows -> Value {
        guard let average else { return try body() }
        let saved = learner.savedWeights()
        learner.values.update(from: average.average.values, count: learner.weightCount)
        defer { learner.restoreWeights(saved) }
        return try body()
    }

    /// Calls `body` while the learner's weights are those of the best validation, as far as a folder has kept them.
    package func withBestWeights<Value>(_ body: () throws -> Value) throws -> Value {
        guard let folder, validation != nil || validator != nil, state.best != nil else {
            return try withAveragedWeights(body)
        }
        let file = try CheckpointFile(folder.path(of: CheckpointFolder.best))
        let saved = learner.savedWeights()
        defer { learner.restoreWeights(saved) }
        try learner.restoreParameters(from: file)
        if file["average.weights"] != nil {
            let target = UnsafeMutableBufferPointer(start: learner.values, count: learner.weightCount)
            try file.copy("average.weights", into: target)
        }
        return try body()
    }

    // MARK: Checkpoints

    private func save(isBest: Bool) throws {
        guard let folder else { return }
        var metadata = learner.metadata
        metadata["trainer.state"] = try state.text()
        metadata["trainer.order"] = orderText
        var tensors = learner.stateTensors
        if let average {
            tensors += average.average.stateTensors
            metadata.merge(average.average.metadata) { first, _ in first }
        }
        try folder.save(tensors, step: learner.stepCount, metadata: metadata, isBest: isBest)
    }

    private func resume() throws {
        guard let folder, let found = try folder.load() else { return }
        guard found.file.metadata["trainer.order"] == orderText else {
            throw TrainingFileError(
                kind: .mismatch, file: found.file.file, entry: "metadata \"trainer.order\"",
                reason: "it is of a run with another seed, batch size or number of samples")
        }
        try learner.restore(from: found.file)
        try average?.average.restore(from: found.file)
        state = try TrainerState(found.file.metadata["trainer.state"] ?? "", file: found.file.file)
        warnings = found.warnings.map(\.description)
        resumedAt = found.step
    }

    /// What decides which samples come when.
    private var orderText: String {
        "seed \(options.seed), \(training.count) samples in batches of \(options.batchSize)"
    }

    private func drawCurves() throws {
        guard let path = options.folder else { return }
        let curves = TrainingCurves(metricNames: metricNames, rows: rows)
        try TrainingFolder.write(curves.svg, to: path + "/curves.svg")
    }
}
