import Augmentation
import Detections
package import Detectors
package import Evaluation
import Foundation
package import Graphs
import Models
package import Training

/// Trains a detector: what `saccade train detector` does.
///
///     let data = try DetectionData("trainset", names: ["person", "car"])
///     let training = try DetectorTraining(data, recipe: DetectorRecipe(), threads: 2)
///     let outcome = try training.run(folder: "runs/a") { progress in true }
///     try exportONNX(outcome.model)
///
/// The folder gets checkpoints, log.csv and curves.svg, recipe.json, previews of what was found in the validation's
/// pictures, and the cache of all pictures. Weights are the averaged ones of the best validation.
package struct DetectorTraining {
    package let data: DetectionData
    package let recipe: DetectorRecipe
    package let threads: Int
    package var start: Graph?
    package var teacher: YOLODetector?
    /// What tells the files of `start` and `teacher` from others, by any names: a run is not resumed with others.
    package var origins: [String: String] = [:]

    package struct Outcome {
        package var summary: TrainingSummary
        package var model: Graph
        /// Of the best weights.
        package var results: Learner.Results
        package var classes: [ClassSummary]
    }

    package init(_ data: DetectionData, recipe: DetectorRecipe, threads: Int) throws {
        if let complaint = recipe.complaint { throw LearningError.invalidModel("the recipe: \(complaint)") }
        self.data = data
        self.recipe = recipe
        self.threads = threads
    }

    /// What the training begins with.
    package func initialModel() throws -> Graph {
        guard var model = start else {
            return try Self.newModel(names: data.names, side: recipe.side, seed: recipe.seed)
        }
        let isQuantized = model.nodes.contains { node in
            if case .dequantizeLinear = node.op { true } else { false }
        }
        guard !isQuantized else {
            throw LearningError.invalidModel("the model is in 8 bits: a training begins with its float parent")
        }
        let shape = try DetectorShape(of: model)
        guard shape.classes == data.names.count else {
            throw LearningError.invalidModel(
                "the model has \(shape.classes) classes, and the data have \(data.names.count): "
                    + data.names.joined(separator: ", "))
        }
        model.metadata.merge(YOLO.saccadeN(names: data.names, imageSize: Size2D(recipe.side)).metadata) { $1 }
        return model
    }

    /// The project's own detector before any training.
    package static func newModel(names: [String], side: Int, seed: UInt64) throws -> Graph {
        try YOLO.saccadeN(names: names, imageSize: Size2D(side)).graph(seed: seed)
    }

    /// Trains, or goes on with a training of the same recipe.
    ///
    /// - Parameters:
    ///   - folder: there already.
    ///   - reading: called after each picture that is read, with the number so far and that of all; throws to stop.
    ///   - observe: called after each step and each validation; false ends the run, which can be resumed.
    /// - Returns: nil when it was ended.
    package func run(
        folder: String, resumes: Bool = false, reading: (Int, Int) throws -> Void = { _, _ in },
        observe: (TrainingProgress) throws -> Bool
    ) throws -> Outcome? {
        try DetectorRun(names: data.names, pictures: data.paths, origins: origins, recipe: recipe)
            .keep(in: folder, resumes: resumes)
        let model = try initialModel()
        let shape = try DetectorShape(of: model)
        for name in ["cache", "previews"] { try Self.makeFolder("\(folder)/\(name)") }
        let cache = try PictureCache(
            folder: "\(folder)/cache", pictures: data.paths,
            side: (recipe.sides + [recipe.side]).max() ?? recipe.side, tick: reading)
        let objects = try data.paths.indices.map { try self.objects(of: $0, in: cache) }

        let learned = recipe.isQuantizationAware ? try aware(model, cache) : model
        let learner = try learner(learned, shape)
        let samples = try DetectionSamples(
            cache, objects: objects, places: data.training, options: recipe.augmentation, sides: recipe.sides,
            strides: shape.strides, closingEpoch: recipe.closingEpoch)
        let validator = DetectionValidator(
            cache, objects: objects, places: data.validation, model: model, side: recipe.side, threads: threads,
            previews: "\(folder)/previews")
        let steps = ((samples.count - 1) / recipe.batch + 1) * recipe.epochs
        var options = TrainerOptions(
            epochs: recipe.epochs, batchSize: recipe.batch, schedule: recipe.schedule(steps: steps), seed: recipe.seed,
            folder: folder, checkpointInterval: 100, resumes: resumes, averageDecay: recipe.averageDecay)
        options.averageWarmup = .ramp(steps: 2000)
        let trainer = try Trainer(learner, training: samples, validator: validator, options: options)
        let summary = try trainer.run(observe)
        guard summary.end != .interrupted else { return nil }
        return try trainer.withBestWeights {
            let results = try validator.judge(learner, preview: "best")
            return Outcome(
                summary: summary, model: try learner.model(of: model), results: results, classes: validator.classes)
        }
    }

    /// Throws what does not fit together, before anything is written. Returns what is worth knowing, a sentence each.
    package func check() throws -> [String] {
        var notes: [String] = []
        let model = try initialModel()
        if let start, let names = ModelMetadata(start.metadata).labels?.names, names != data.names {
            notes.append(
                "the model's classes were \(names.joined(separator: ", ")); now they are "
                    + data.names.joined(separator: ", "))
        }
        if let teacher = try teacher(for: DetectorShape(of: model)) {
            let unknown = zip(data.names, teacher.knows).filter { !$1 }.map(\.0)
            if !unknown.isEmpty { notes.append("the teacher does not know \(unknown.joined(separator: ", "))") }
        }
        return notes
    }

    private func teacher(for shape: DetectorShape) throws -> DetectionTeacher? {
        try teacher.map {
            try DetectionTeacher(
                $0, names: data.names, strides: shape.strides, sides: recipe.sides, threads: threads)
        }
    }

    private func learner(_ model: Graph, _ shape: DetectorShape) throws -> Learner {
        let teacher = try teacher(for: shape)
        var assigner = DetectionAssigner(shape: shape, threads: threads, teacher: teacher)
        assigner.teaching = recipe.teaching
        var options = Learner.Options()
        options.assigner = assigner
        options.threads = threads
        options.statisticsMomentum = 0.03
        options.clipping = .globalNorm(10)
        options.rules = [ParameterRule("*.scale", weightDecay: 0), ParameterRule("*.bias", weightDecay: 0)]
        return try Learner(
            recipe.loss.graph(of: model, shape: shape, isTaught: teacher != nil), loss: DetectionLoss.Names.loss,
            method: .adamW(weightDecay: recipe.weightDecay), options: options)
    }

    /// The model with the roundings of its 8-bit form, whose ranges some of the training's pictures tell.
    private func aware(_ model: Graph, _ cache: PictureCache) throws -> Graph {
        let places = data.training
        let count = min(places.count, 64)
        return try QuantizationAwareness.applied(to: model, side: recipe.side, count: count, threads: threads) {
            index in
            let picture = cache.picture(places[index * places.count / count])
            return Letterboxing(picture, side: recipe.side).canvas
        }
    }

    /// A picture's objects in the pixels of the cache.
    private func objects(of index: Int, in cache: PictureCache) throws -> [LabelledObject] {
        let (source, size) = (cache.sourceSize(index), cache.size(index))
        let map = Homography.scale(
            x: Double(size.width) / Double(source.width), y: Double(size.height) / Double(source.height))
        return try data.objects(of: index, width: source.width, height: source.height).compactMap {
            $0.transformed(by: map, width: size.width, height: size.height)
        }
    }

    private static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch { throw TrainingFileError(kind: .writeFailed, file: path, reason: "the folder cannot be made") }
    }
}
