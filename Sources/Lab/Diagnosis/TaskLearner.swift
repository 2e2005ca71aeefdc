import Augmentation
import Graphs
import Training

/// A task of the lab as something that can be diagnosed. The pool is the training samples, then those of validation; the
/// test stays out of it.
///
///     let task = try LearningTask(.digits, in: folder, options: TaskOptions(augments: true))
///     let learner = try TaskLearner(task)
///     let diagnosis = try Diagnosis(of: learner, samples: learner.samples())
///
/// Untreated, the model has no dropout, no regularization and no augmentation, so that each can be seen alone. A trial is
/// trained by one thread, with the task's optimizer and half a cosine of its usual rate.
package struct TaskLearner: DiagnosableLearner {
    package let task: LearningTask
    package let model: TaskModel?
    /// The network's width before any treatment.
    package let width: Double
    package let rate: Double
    package let batchSize: Int
    /// Asked at each step; a trial ends with `CancellationError` after false.
    private let goesOn: @Sendable () -> Bool
    private let pool: any ClassifiedSamples
    private let canAugment: Bool

    /// - Parameter task: read with augmentation where that is to be tried.
    package init(
        _ task: LearningTask, model: TaskModel? = nil, width: Double = 1, rate: Double? = nil, batchSize: Int? = nil,
        goesOn: @escaping @Sendable () -> Bool = { true }
    ) throws {
        self.task = task
        self.model = model
        self.width = width
        self.rate = rate ?? task.usual.rate
        self.batchSize = batchSize ?? task.usual.batchSize
        self.goesOn = goesOn
        (pool, canAugment) = try task.pool()
        // A model that does not fit is known before anything is trained.
        _ = try task.model(ModelOptions(model: model, width: width))
    }

    package var classNames: [String] { task.classNames }
    package var labels: [Int] { pool.labels }
    package func name(ofSample index: Int) -> String { pool.name(of: index) }
    package func supports(_ treatment: Treatment) -> Bool { canAugment || !treatment.augments }

    /// The task's own split, or a part of its training samples.
    package func samples(fraction: Double = 1, seed: UInt64 = 0) -> DiagnosisSamples {
        let training = Array(0..<task.training.count)
        let validation = Array(task.training.count..<pool.count)
        guard fraction < 1, !training.isEmpty else {
            return DiagnosisSamples(training: training, validation: validation)
        }
        return .part(fraction, ofTraining: training, validation: validation, labels: pool.labels, seed: seed)
    }

    package func run(_ trial: Trial) throws -> [Predictions] {
        let treatment = trial.treatment
        let graph = try task.model(
            ModelOptions(
                model: model, width: width * treatment.width, dropout: Float(treatment.dropout), seed: trial.seed))
        var options = Learner.Options()
        options.seed = trial.seed
        options.threads = 1
        if treatment.l1 > 0 || treatment.l2 > 0 {
            // Weights alone: biases and scales say nothing of how crooked a function is.
            options.rules = [
                ParameterRule(
                    "*[wW]eight", weightDecay: treatment.l2 > 0 ? treatment.l2 : nil, l1: treatment.l1)
            ]
        }
        let learner = try Learner(
            task.graph(of: graph), loss: LearningTask.loss, method: task.usual.method, options: options)
        let selection = SampleSelection(
            pool, trial.samples, labels: trial.samples.map { trial.relabelled[$0] ?? pool.labels[$0] })

        let stepCount = ((selection.count - 1) / batchSize + 1) * trial.epochs
        let schedule = Schedule(
            .cosine(rate: rate, steps: max(stepCount, 1), floor: rate / 100),
            warmup: Schedule.Warmup(steps: min(stepCount / 20, 100), start: 0.1))
        var history: [Predictions] = []
        for epoch in 0..<trial.epochs {
            let order = EpochOrder(count: selection.count, batchSize: batchSize, seed: trial.seed, epoch: epoch)
            let draw = treatment.augments ? BatchDraw(seed: trial.seed, epoch: epoch) : nil
            for indices in order.batches {
                guard goesOn() else { throw CancellationError() }
                let batch = try selection.batch(indices, draw: draw)
                _ = try learner.step(batch, rate: schedule.rate(step: learner.stepCount))
            }
            if trial.followsEpochs || epoch == trial.epochs - 1 {
                history.append(try predictions(learner.model(of: graph), trial.evaluated))
            }
        }
        return history
    }

    private func predictions(_ model: Graph, _ evaluated: [Int]) throws -> Predictions {
        let logits = try Classifier(model).logits(pool, evaluated)
        return Predictions(
            classCount: classNames.count,
            probabilities: Classifier.probabilities(logits, classes: classNames.count))
    }
}

extension LearningTask {
    /// The samples of training and validation as one, with the augmentation of training, and whether there is one.
    fileprivate func pool() throws -> (samples: any ClassifiedSamples, canAugment: Bool) {
        switch (training, validation) {
        case (let first as DigitSamples, let second as DigitSamples):
            return (
                DigitSamples(first.recordings + second.recordings, augmentation: first.augmentation),
                first.augmentation != nil
            )
        case (let first as CellSamples, let second as CellSamples):
            return (
                CellSamples(first.cells + second.cells, augmentation: first.augmentation), first.augmentation != nil
            )
        case (let first as IntentSamples, let second as IntentSamples):
            return (
                IntentSamples(
                    first.utterances + second.utterances, vocabulary: first.vocabulary,
                    augmentation: first.augmentation), first.augmentation != nil
            )
        default: throw LearningError.invalidModel("samples of training and validation are of different kinds")
        }
    }
}
