package import Graphs
package import Training

/// A task's model trained and judged: what `saccade lab train` does.
///
///     let training = TaskTraining(task: task, model: ModelOptions(seed: 7), epochs: 10)
///     let outcome = try training.run(folder: "runs/7") { progress in true }
///     print(outcome.test.accuracy, task.baselineAccuracy)
///
/// The weights that are judged and exported are those of the epoch with the lowest validation loss.
package struct TaskTraining: Sendable {
    package let task: LearningTask
    package var model: ModelOptions
    package var method: OptimizerMethod
    package var schedule: Schedule?
    /// The highest rate of the usual schedule, half a cosine down to a hundredth.
    package var rate: Double
    package var epochs: Int
    package var batchSize: Int
    package var threads: Int
    /// Validations without an improvement after which it ends; nil: never.
    package var patience: Int?
    /// What it begins with, instead of a new model.
    package var start: FineTuning?

    package init(
        task: LearningTask, model: ModelOptions = ModelOptions(), epochs: Int? = nil, batchSize: Int? = nil,
        threads: Int = 1
    ) {
        self.task = task
        self.model = model
        method = task.usual.method
        rate = task.usual.rate
        self.epochs = epochs ?? task.usual.epochs
        self.batchSize = batchSize ?? task.usual.batchSize
        self.threads = threads
    }

    /// What came of a training.
    package struct Outcome: Sendable {
        package var summary: TrainingSummary
        /// The model with its trained weights, input to "logits".
        package var model: Graph
        package var parameterCount: Int
        package var validation: ConfusionMatrix
        package var test: ConfusionMatrix
    }

    package var totalSteps: Int { ((task.training.count - 1) / max(batchSize, 1) + 1) * epochs }

    /// The schedule that holds when there is none.
    package var usualSchedule: Schedule {
        Schedule(
            .cosine(rate: rate, steps: max(totalSteps, 1), floor: rate / 100),
            warmup: Schedule.Warmup(steps: min(totalSteps / 20, 100), start: 0.1))
    }

    /// The model that training begins with.
    package func initialModel() throws -> Graph {
        try start.map { try $0.graph(for: task, seed: model.seed) } ?? task.model(model)
    }

    /// A learner with the first weights of `model`.
    package func learner(_ graph: Graph) throws -> Learner {
        var options = Learner.Options()
        options.seed = model.seed
        options.threads = threads
        options.rules = start?.rules ?? []
        return try Learner(task.graph(of: graph), loss: LearningTask.loss, method: method, options: options)
    }

    /// Trains, and judges the best weights by the test.
    ///
    /// - Parameters:
    ///   - folder: where checkpoints, log and curves go; nil: nowhere, and then the last weights are the ones judged.
    ///   - observe: see `Trainer.run`; after false there is no outcome but the summary's checkpoint.
    /// - Returns: nil when `observe` ended it.
    package func run(
        folder: String? = nil, resumes: Bool = false, observe: (TrainingProgress) throws -> Bool = { _ in true }
    ) throws -> Outcome? {
        let graph = try initialModel()
        let learner = try learner(graph)
        let trainer = try Trainer(
            learner, training: task.training, validation: task.validation,
            options: TrainerOptions(
                epochs: epochs, batchSize: batchSize, schedule: schedule ?? usualSchedule, seed: model.seed,
                folder: folder, resumes: resumes, patience: patience))
        let summary = try trainer.run(observe)
        guard summary.end != .interrupted else { return nil }
        let trained = try trainer.withBestWeights { try learner.model(of: graph) }
        return Outcome(
            summary: summary, model: trained, parameterCount: learner.parameters.elementCount,
            validation: try judge(trained, task.validation), test: try judge(trained, task.test))
    }

    /// What a model takes samples for.
    package func judge(_ model: Graph, _ samples: any ClassifiedSamples) throws -> ConfusionMatrix {
        let logits = try Classifier(model, threads: threads).logits(samples)
        return ConfusionMatrix(
            classNames: task.classNames, labels: samples.labels,
            predictions: Classifier.best(logits, classes: task.classNames.count))
    }
}
