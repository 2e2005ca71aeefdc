import Augmentation
import Foundation
import Graphs
import Tensors
import Testing
import Training

import Lab

@Suite struct TaskTests {
    private static func digits(augments: Bool = false) throws -> LearningTask {
        let folder = try Made.digits()
        return try LearningTask(SpokenDigits(folder: folder.path), TaskOptions(augments: augments))
    }

    private static func cells(augments: Bool = false) throws -> LearningTask {
        let folder = try Made.cells()
        return try LearningTask(BloodCells(folder: folder.path), TaskOptions(augments: augments))
    }

    private static func intents(augments: Bool = false) throws -> LearningTask {
        let folder = try TemporaryFolder()
        try folder.write(Made.intents().utf8, "data.json")
        return try LearningTask(Intents(file: folder.path + "/data.json"), TaskOptions(augments: augments))
    }

    private static func task(_ name: LearningTask.Name, augments: Bool = false) throws -> LearningTask {
        switch name {
        case .digits: try digits(augments: augments)
        case .cells: try cells(augments: augments)
        case .intents: try intents(augments: augments)
        }
    }

    @Test(arguments: [
        (LearningTask.Name.digits, TaskModel.cnn), (.digits, .lstm), (.cells, .cnn), (.intents, .mean),
        (.intents, .lstm), (.intents, .transformer),
    ])
    func everyModelLearns(_ name: LearningTask.Name, _ kind: TaskModel) throws {
        let task = try Self.task(name)
        var training = TaskTraining(
            task: task, model: ModelOptions(model: kind, width: 0.5, dropout: 0, seed: 3), epochs: 12, batchSize: 6)
        training.rate = 0.01
        let outcome = try #require(try training.run())
        let rows = outcome.summary.log
        #expect(try #require(rows.last).trainLoss < 0.5 * (try #require(rows.first).trainLoss))
        #expect(outcome.test.accuracy > task.baselineAccuracy)
        #expect(outcome.model.outputs.map { outcome.model[$0].name } == ["logits"])
    }

    @Test func modelsThatDoNotFitAreRefused() throws {
        let task = try Self.digits()
        let error = #expect(throws: LearningError.self) { try task.model(ModelOptions(model: .transformer)) }
        #expect(error?.description.contains("cnn, lstm") == true)
    }

    @Test(arguments: LearningTask.Name.allCases) func drawsAreDecidedBySeedAndIndex(_ name: LearningTask.Name) throws {
        let task = try Self.task(name, augments: true)
        let key = name == .digits ? "features" : name == .cells ? "images" : "tokens"
        func bytes(_ indices: [Int], _ draw: BatchDraw?, _ samples: any ClassifiedSamples) throws -> [UInt8] {
            let tensor = try #require(try samples.batch(indices, draw: draw)[key])
            return Array(UnsafeRawBufferPointer(start: tensor.baseAddress, count: tensor.byteCount))
        }
        let draw = BatchDraw(seed: 5, epoch: 1)
        let both = try bytes([1, 4], draw, task.training)
        let again = try bytes([1, 4], draw, task.training)
        let later = try bytes([1, 4], BatchDraw(seed: 5, epoch: 2), task.training)
        let plain = try bytes([1, 4], nil, task.training)
        #expect(both == again && both != later && both != plain)
        // Validation samples have no augmentation.
        let validated = [try bytes([0], draw, task.validation), try bytes([0], nil, task.validation)]
        #expect(validated[0] == validated[1])
        // A selection draws what the whole draws.
        let selection = SampleSelection(task.training, [4, 1])
        let selected = try bytes([1, 0], draw, selection)
        #expect(both == selected)
        #expect(selection.labels == [task.training.labels[4], task.training.labels[1]])
    }

    @Test func batchesHaveTheirShapes() throws {
        let digits = try Self.digits().training.batch([0, 5], draw: nil)
        #expect(digits["features"]?.shape.dimensions == [2, 1, DigitSamples.bands, DigitSamples.frames])
        #expect(digits["labels"]?.elements(as: Int64.self) == [0, 1])
        let values = try #require(digits["features"]).elements(as: Float.self)
        #expect(values.allSatisfy { $0.isFinite })
        let cells = try Self.cells().training.batch([0, 1, 2], draw: nil)
        #expect(cells["images"]?.shape.dimensions == [3, 3, 32, 32])
        #expect(try #require(cells["images"]).elements(as: Float.self).allSatisfy { abs($0) <= 1 })
        let intents = try Self.intents().training.batch([0, 9], draw: nil)
        #expect(intents["tokens"]?.shape.dimensions == [2, 8])
        #expect(intents["lengths"]?.elements(as: Int64.self) == [4, 4])
    }

    @Test func rareClassesCountMore() throws {
        let folder = try Made.cells()
        let names = ["RBC", "RBC", "WBC"]
        try folder.write(Made.annotation(names: names).utf8, "Annotations/picture00.xml")
        let task = try LearningTask(BloodCells(folder: folder.path))
        // 3 red ones, 2 white ones, 1 platelet in training.
        #expect(task.classWeights == [2.0 / 3, 1, 2])
        #expect(task.baselineAccuracy == 1.0 / 3)
    }

    @Test func resultsDoNotDependOnThreads() throws {
        let task = try Self.digits(augments: true)
        let models = try [1, 3].map { threads in
            let model = ModelOptions(width: 0.5, seed: 1)
            let training = TaskTraining(task: task, model: model, epochs: 2, batchSize: 5, threads: threads)
            let graph = try task.model(model)
            let learner = try training.learner(graph)
            let trainer = try Trainer(
                learner, training: task.training, validation: task.validation,
                options: TrainerOptions(epochs: 2, batchSize: 5, schedule: training.usualSchedule))
            _ = try trainer.run()
            return learner.weightsDigest
        }
        #expect(models[0] == models[1])
    }

    @Test func aRunLeavesWhatItShould() throws {
        let task = try Self.digits()
        let folder = try TemporaryFolder()
        let training = TaskTraining(task: task, model: ModelOptions(width: 0.5), epochs: 3, batchSize: 6)
        var steps = 0
        let stopped = try training.run(folder: folder.path) { progress in
            if progress.validation == nil { steps += 1 }
            return steps < 4
        }
        #expect(stopped == nil)
        let resumed = try #require(try training.run(folder: folder.path, resumes: true))
        let whole = try #require(try training.run(folder: try TemporaryFolder().path))
        #expect(resumed.summary.resumedAt == 4)
        #expect(resumed.summary.log == whole.summary.log)
        #expect(resumed.test == whole.test)
        for name in ["log.csv", "curves.svg", "checkpoints/best.safetensors"] {
            #expect(FileManager.default.fileExists(atPath: folder.path + "/" + name))
        }
    }
}
