import Augmentation
package import Graphs
import Models
import Tensors
package import Training

/// Something real and small to learn: its samples, a model for it, and how it is usually trained.
///
///     let task = try LearningTask(.digits, in: DataFolder("/data"), options: TaskOptions(augments: true))
///     let model = try task.model(ModelOptions(width: 0.5, seed: 7))
///     let learner = try Learner(
///         task.graph(of: model), loss: LearningTask.loss, method: task.usual.method, options: options)
///     let batch = try task.training.batch([0, 1, 2], draw: BatchDraw(seed: 7, epoch: 0))
///     print(try learner.step(batch, rate: task.usual.rate).loss)
///     let classifier = try Classifier(learner.model(of: model), threads: 2)
///     let logits = try classifier.logits(task.test)
package struct LearningTask: Sendable {
    package enum Name: String, Hashable, Sendable, CaseIterable { case digits, cells, intents }

    /// How a task is trained when nothing else is asked for.
    package struct Usual: Hashable, Sendable {
        package var method: OptimizerMethod
        package var rate: Double
        package var batchSize: Int
        package var epochs: Int
    }

    package let name: Name
    /// What it is, in words.
    package let title: String
    /// The folder or file with the data.
    package let source: String
    package let classNames: [String]
    package let training: any ClassifiedSamples
    package let validation: any ClassifiedSamples
    package let test: any ClassifiedSamples
    /// The kinds of model that fit, the usual one first.
    package let models: [TaskModel]
    package let usual: Usual
    /// What each class counts in the loss; nil: all the same.
    package let classWeights: [Float]?
    /// What is worth knowing about the data, a sentence each.
    package let notes: [String]
    let vocabulary: Vocabulary?

    package static let loss = "loss"
    package static let accuracy = "accuracy"

    package func samples(_ part: DataPart) -> any ClassifiedSamples {
        switch part {
        case .training: training
        case .validation: validation
        case .test: test
        }
    }

    /// A model whose output "logits" is N×classes, with fresh weights. Throws `LearningError` when the kind does not fit.
    package func model(_ options: ModelOptions = ModelOptions()) throws -> Graph {
        let kind = options.model ?? models[0]
        guard models.contains(kind) else {
            let fitting = models.map(\.rawValue).joined(separator: ", ")
            throw LearningError.invalidModel(
                "the task \(name.rawValue) has no model \(kind.rawValue): it has \(fitting)")
        }
        let classes = classNames.count
        let tokens = vocabulary?.count ?? 0
        var graph: Graph
        switch (name, kind) {
        case (.intents, .lstm):
            graph = try LSTMClassifier(
                vocabulary: tokens, classes: classes, width: options.channels(64), hidden: options.channels(64),
                dropout: options.dropout
            ).graph(seed: options.seed)
        case (.intents, .transformer):
            let width = options.channels(64)
            graph = try TransformerEncoderClassifier(
                vocabulary: tokens, classes: classes,
                transformer: Transformer(width: width, heads: width / 8 % 4 == 0 ? 4 : 1, dropout: options.dropout),
                layers: 1, longest: IntentSamples.longest
            ).graph(seed: options.seed)
        case (.intents, _): graph = try TaskNetworks.mean(vocabulary: tokens, classes: classes, options: options)
        case (.digits, .lstm):
            graph = try TaskNetworks.recurrent(
                bands: DigitSamples.bands, frames: DigitSamples.frames, classes: classes, options: options)
        case (.digits, _):
            graph = try TaskNetworks.convolutions(
                "features", [1, DigitSamples.bands, DigitSamples.frames], classes: classes, options: options)
        case (.cells, _):
            graph = try TaskNetworks.convolutions("images", [3, 32, 32], classes: classes, options: options)
        }
        graph.metadata["names"] = classNames.joined(separator: "\n")
        graph.metadata["task"] = name.rawValue
        return graph
    }

    /// A model with its loss: inputs of the model and "labels", outputs "loss" and "accuracy".
    ///
    /// - Parameter labelSmoothing: see `crossEntropy`.
    package func graph(of model: Graph, labelSmoothing: Float = 0) throws -> Graph {
        guard let logits = model.outputs.first(where: { model[$0].name == "logits" }) else {
            throw LearningError.invalidModel("the model has no output named \"logits\"")
        }
        var model = model
        model.outputs = []
        var builder = GraphBuilder(model)
        let labels = builder.input("labels", dtype: .int64, [.symbolic("batch")])
        let weights = try classWeights.map { try builder.constant($0, [$0.count]) }
        builder.output(
            try builder.crossEntropy(
                logits: logits, labels: labels, weights: weights, labelSmoothing: labelSmoothing), name: Self.loss)
        builder.output(try builder.accuracy(logits: logits, labels: labels), name: Self.accuracy)
        return builder.graph
    }

    /// The accuracy on the test of always saying the class that the training has most.
    package var baselineAccuracy: Double {
        let counts = training.classCounts(classNames.count)
        let majority = counts.indices.max { counts[$0] < counts[$1] } ?? 0
        return Double(test.labels.count { $0 == majority }) / Double(max(test.count, 1))
    }
}
