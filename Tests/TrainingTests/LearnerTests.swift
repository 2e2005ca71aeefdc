import Execution
import Foundation
import Graphs
import Models
import ONNX
import Tensors
import Testing
import Training

/// A small network with its loss, for the tests of learners and trainers.
enum SmallNetwork {
    /// Images N×2×8×8, three classes.
    static func graph(dropout: Float = 0.2, seed: UInt64 = 3) throws -> (model: Graph, learned: Graph) {
        var net = ModelBuilder(name: "small", seed: seed)
        let x = net.input("images", [.symbolic("batch"), .fixed(2), .symbolic("height"), .symbolic("width")])
        var h = try net.convolution(x, from: 2, to: 8, kernel: 3, bias: false, name: "first")
        h = try net.activation(.silu, net.batchNormalization(h, channels: 8))
        h = try net.convolution(h, from: 8, to: 8, kernel: 3, stride: 2, name: "second")
        h = try net.dropout(net.activation(.relu, h), rate: dropout)
        net.output(try net.linear(net.globalAverage(h), from: 8, to: 3, name: "last"), name: "logits")
        let model = net.graph
        var builder = GraphBuilder(model)
        let labels = builder.input("labels", dtype: .int64, [.symbolic("batch")])
        let logits = try #require(model.outputs.first)
        let loss = try builder.crossEntropy(logits: logits, labels: labels)
        let accuracy = try builder.accuracy(logits: logits, labels: labels)
        var learned = builder.graph
        learned.outputs = []
        builder = GraphBuilder(learned)
        builder.output(loss, name: "loss")
        builder.output(accuracy, name: "accuracy")
        return (model, builder.graph)
    }

    /// Images whose class is the quarter that is bright.
    static func batch(_ indices: [Int], side: Int = 8) throws -> [String: Tensor] {
        var pixels: [Float] = []
        for index in indices {
            var numbers = Philox(seed: 5, stream: UInt64(index))
            let label = index % 3
            for _ in 0..<2 {
                for row in 0..<side {
                    for column in 0..<side {
                        let quarter = (row < side / 2 ? 0 : 1) + (column < side / 2 ? 0 : 1)
                        pixels.append(numbers.normal() * 0.5 + (quarter == label ? 1 : 0))
                    }
                }
            }
        }
        return [
            "images": try Tensor(pixels, shape: [indices.count, 2, side, side]),
            "labels": try Tensor(indices.map { Int64($0 % 3) }, shape: [indices.count]),
        ]
    }
}

@Suite struct LearnerTests {
    private func learner(
        rules: [ParameterRule] = [], threads: Int = 1, recomputes: Bool = false, dropout: Float = 0.2
    ) throws -> Learner {
        var options = Learner.Options()
        options.rules = rules
        options.threads = threads
        options.seed = 11
        options.recomputesActivations = recomputes
        return try Learner(
            SmallNetwork.graph(dropout: dropout).learned, loss: "loss", method: .adam(), options: options)
    }

    @Test func aSmallNetworkLearns() throws {
        let learner = try learner()
        let batch = try SmallNetwork.batch(Array(0..<24))
        let first = try learner.evaluate(batch)
        for _ in 0..<60 { _ = try learner.step(batch, rate: 0.02) }
        let last = try learner.evaluate(batch)
        #expect(last.loss < 0.5 * first.loss)
        #expect(try #require(last.metrics["accuracy"]) > 0.9)
    }

    /// Batches of several sizes and images of several sides share the parameters; plans come and go.
    @Test func shapesMayChangeFromStepToStep() throws {
        let learner = try learner()
        for step in 0..<40 {
            let count = 4 + step % 5
            let results = try learner.step(
                SmallNetwork.batch(Array(0..<count), side: 8 + 2 * (step % 4)), rate: 0.01)
            #expect(results.loss.isFinite)
        }
        #expect(learner.stepCount == 40)
    }

    @Test func frozenParametersAndTheirStatisticsStay() throws {
        let learner = try learner(rules: [
            ParameterRule("first*", isFrozen: true), ParameterRule("norm*", isFrozen: true),
        ])
        #expect(!learner.parameters.entries.contains { $0.name.hasPrefix("first") })
        #expect(learner.statistics.entries.isEmpty)
        let before = learner.savedWeights()
        _ = try learner.step(SmallNetwork.batch(Array(0..<8)), rate: 0.01)
        #expect(learner.savedWeights() != before)
        let (model, _) = try SmallNetwork.graph()
        let trained = try learner.model(of: model)
        for (id, tensor) in model.constants where model[id].name.hasPrefix("first") {
            #expect(trained.constants[id]?.elements(as: Float.self) == tensor.elements(as: Float.self))
        }
    }

    @Test func groupsHaveTheirOwnRates() throws {
        let slow = try learner(rules: [ParameterRule("last*", rateFactor: 0)])
        let range = try #require(slow.parameters["last.weight"]).range
        let before = Array(slow.savedWeights()[range])
        _ = try slow.step(SmallNetwork.batch(Array(0..<8)), rate: 0.01)
        #expect(Array(slow.savedWeights()[range]) == before)
        #expect(throws: LearningError.self) { try self.learner(rules: [ParameterRule("*", isFrozen: true)]) }
    }

    /// A trained model goes through a file, and gives there what the learner evaluates.
    @Test func theTrainedModelIsExported() throws {
        let learner = try learner()
        let batch = try SmallNetwork.batch(Array(0..<12))
        for _ in 0..<5 { _ = try learner.step(batch, rate: 0.02) }
        let (model, _) = try SmallNetwork.graph()
        let again = try importONNX(exportONNX(learner.model(of: model)), name: "small")
        let images = try #require(batch["images"])
        let plan = try ExecutionPlan(again, inputShapes: ["images": images.shape.dimensions])
        let logits = try Session(plan).run([images])[0].elements(as: Float.self)
        var loss = 0.0
        for row in 0..<12 {
            let scores = logits[row * 3..<row * 3 + 3].map(Double.init)
            let highest = scores.max() ?? 0
            loss += highest + log(scores.reduce(0) { $0 + exp($1 - highest) }) - scores[row % 3]
        }
        #expect(abs(Float(loss / 12) - (try learner.evaluate(batch).loss)) < 1e-4)
    }

    /// Activations that are computed again need less memory, and change no bit.
    @Test func recomputedActivationsSaveMemory() throws {
        func deep(recomputes: Bool) throws -> Learner {
            var net = ModelBuilder(name: "deep")
            var h = net.input("images", [.symbolic("batch"), .fixed(8), .fixed(16), .fixed(16)])
            for layer in 0..<24 {
                h = try net.activation(.silu, net.convolution(h, from: 8, to: 8, kernel: 3, name: "layer\(layer)"))
            }
            let logits = try net.linear(net.globalAverage(h), from: 8, to: 3)
            var builder = GraphBuilder(net.graph)
            let labels = builder.input("labels", dtype: .int64, [.symbolic("batch")])
            builder.output(try builder.crossEntropy(logits: logits, labels: labels), name: "loss")
            var options = Learner.Options()
            options.recomputesActivations = recomputes
            return try Learner(builder.graph, loss: "loss", method: .sgd(), options: options)
        }
        var numbers = Philox(seed: 9)
        let batch = [
            "images": try Tensor((0..<4 * 8 * 256).map { _ in numbers.normal() }, shape: [4, 8, 16, 16]),
            "labels": try Tensor([0, 1, 2, 0] as [Int64], shape: [4]),
        ]
        let (kept, again) = (try deep(recomputes: false), try deep(recomputes: true))
        for _ in 0..<3 {
            let losses = (try kept.step(batch, rate: 0.1).loss, try again.step(batch, rate: 0.1).loss)
            #expect(losses.0 == losses.1)
        }
        #expect(kept.weightsDigest == again.weightsDigest)
        let bytes = (try kept.plan(for: batch).arenaByteCount, try again.plan(for: batch).arenaByteCount)
        #expect(Double(bytes.1) < 0.6 * Double(bytes.0), "\(bytes)")
    }

    @Test func batchesThatDoNotFitAreRefused() throws {
        let learner = try learner()
        let batch = try SmallNetwork.batch(Array(0..<4))
        #expect(throws: LearningError.invalidBatch("the batch has no \"labels\"")) {
            try learner.step(batch.filter { $0.key != "labels" }, rate: 0.01)
        }
        var wrong = batch
        wrong["labels"] = try Tensor([0, 1, 2, 0] as [Float], shape: [4])
        #expect(throws: LearningError.self) { try learner.step(wrong, rate: 0.01) }
        wrong["labels"] = try Tensor([0, 1, 2] as [Int64], shape: [3])
        #expect(throws: (any Error).self) { try learner.step(wrong, rate: 0.01) }
        // A label that no class has.
        wrong["labels"] = try Tensor([0, 1, 7, 0] as [Int64], shape: [4])
        #expect(throws: ExecutionError.self) { try learner.step(wrong, rate: 0.01) }
    }

    @Test func aLossThatIsNoNumberChangesNothing() throws {
        let learner = try learner()
        let batch = try SmallNetwork.batch(Array(0..<4))
        _ = try learner.step(batch, rate: 0.01)
        let before = learner.weightsDigest
        var broken = batch
        var pixels = try #require(batch["images"]).elements(as: Float.self)
        pixels[17] = .nan
        broken["images"] = try Tensor(pixels, shape: [4, 2, 8, 8])
        #expect(throws: LearningError.self) { try learner.step(broken, rate: 0.01) }
        #expect(learner.weightsDigest == before)
        #expect(learner.stepCount == 1)
        _ = try learner.step(batch, rate: 0.01)
    }
}

@Suite struct TrainerTests {
    struct Samples: TrainingSamples {
        var count: Int
        var first = 0
        /// An index whose making fails, and one whose image has no numbers.
        var broken: Int?
        var blank: Int?

        func batch(_ indices: [Int], draw: BatchDraw?) throws -> [String: Tensor] {
            if let broken, indices.contains(broken) { throw LearningError.invalidBatch("sample \(broken)") }
            var batch = try SmallNetwork.batch(indices.map { $0 + first })
            if let blank, indices.contains(blank) {
                batch["images"] = try Tensor(
                    [Float](repeating: .nan, count: indices.count * 128), shape: [indices.count, 2, 8, 8])
            }
            if let draw {
                // What is random depends on the draw alone.
                var numbers = Philox(seed: draw.seed, stream: UInt64(draw.epoch * 1000 + indices[0]))
                let images = batch["images"].map { $0.elements(as: Float.self).map { $0 + 0.1 * numbers.normal() } }
                batch["images"] = try Tensor(images ?? [], shape: [indices.count, 2, 8, 8])
            }
            return batch
        }
    }

    private func trainer(
        folder: String?, resumes: Bool = false, threads: Int = 1, epochs: Int = 3, average: Double? = 0.9
    ) throws -> Trainer {
        var options = Learner.Options()
        options.seed = 2
        options.threads = threads
        let learner = try Learner(
            SmallNetwork.graph().learned, loss: "loss", method: .adamW(), options: options)
        let schedule = try Schedule("cosine(rate=0.02,steps=24)+warmup(3)+plateau(patience=0,factor=0.5)")
        return try Trainer(
            learner, training: Samples(count: 61), validation: Samples(count: 15, first: 100),
            options: TrainerOptions(
                epochs: epochs, batchSize: 8, schedule: schedule, seed: 4, folder: folder, checkpointInterval: 3,
                resumes: resumes, patience: 5, averageDecay: average))
    }

    /// A run that is stopped and resumed after any number of steps ends with the bits of one that never was, log and all.
    @Test func resumedRunsEndWithTheSameBits() throws {
        let whole = try TemporaryFolder()
        let complete = try trainer(folder: whole.path)
        let summary = try complete.run()
        #expect(summary.steps == 24 && summary.end == .finished && summary.log.count == 3)
        for stop in [1, 2, 5, 8, 9, 16, 23] {
            let folder = try TemporaryFolder()
            let interrupted = try trainer(folder: folder.path)
            let first = try interrupted.run { $0.step < stop }
            #expect(first.end == .interrupted && first.steps == stop)
            let resumed = try trainer(folder: folder.path, resumes: true, threads: 2)
            let rest = try resumed.run()
            #expect(rest.resumedAt == stop)
            #expect(resumed.learner.weightsDigest == complete.learner.weightsDigest, "stopped after \(stop) steps")
            #expect(rest.log == summary.log)
            let logs = try (
                String(contentsOfFile: whole.path + "/log.csv", encoding: .utf8),
                String(contentsOfFile: folder.path + "/log.csv", encoding: .utf8)
            )
            #expect(logs.0 == logs.1)
        }
    }

    @Test func aFinishedRunHasNothingToResume() throws {
        let folder = try TemporaryFolder()
        let first = try trainer(folder: folder.path)
        _ = try first.run()
        let again = try trainer(folder: folder.path, resumes: true)
        #expect(try again.run().steps == 24)
        #expect(again.learner.weightsDigest == first.learner.weightsDigest)
        #expect(try String(contentsOfFile: folder.path + "/curves.svg", encoding: .utf8).contains("<svg"))
    }

    private func failing(_ samples: Samples, folder: String) throws -> Trainer {
        let learner = try Learner(SmallNetwork.graph().learned, loss: "loss", method: .sgd())
        let options = TrainerOptions(
            epochs: 2, batchSize: 8, schedule: try Schedule("constant(rate=0.01)"), folder: folder)
        return try Trainer(learner, training: samples, options: options)
    }

    /// What samples throw, and a loss that is no number, end the run with a checkpoint of the last good state.
    @Test(arguments: [Samples(count: 32, broken: 13), Samples(count: 32, blank: 13)])
    func aRunThatFailsLeavesItsLastGoodState(samples: Samples) throws {
        let folder = try TemporaryFolder()
        let trainer = try failing(samples, folder: folder.path)
        let error = #expect(throws: LearningError.self) { try trainer.run() }
        if samples.blank == nil {
            #expect(error == .invalidBatch("sample 13"))
        } else {
            guard case .lossNotFinite(trainer.learner.stepCount, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        let found = try #require(try CheckpointFolder(folder.path + "/checkpoints").load())
        #expect(found.step == trainer.learner.stepCount)
        let again = try Learner(SmallNetwork.graph(seed: 9).learned, loss: "loss", method: .sgd())
        #expect(again.weightsDigest != trainer.learner.weightsDigest)
        try again.restore(from: found.file)
        #expect(again.weightsDigest == trainer.learner.weightsDigest)
    }

    /// Both errors are told when the last state cannot be saved.
    @Test func aRunThatFailsAndCannotSaveTellsBoth() throws {
        let folder = try TemporaryFolder()
        let trainer = try failing(Samples(count: 32, broken: 13), folder: folder.path)
        try FileManager.default.removeItem(atPath: folder.path + "/checkpoints")
        let error = #expect(throws: UnsavedRunError.self) { try trainer.run() }
        #expect(error?.cause as? LearningError == .invalidBatch("sample 13"))
        #expect(error?.saving is TrainingFileError)
    }

    @Test func noSamplesAreRefused() throws {
        let folder = try TemporaryFolder()
        #expect(throws: LearningError.self) { try failing(Samples(count: 0), folder: folder.path) }
    }

    @Test func aCheckpointOfAnotherRunIsRefused() throws {
        let folder = try TemporaryFolder()
        _ = try trainer(folder: folder.path, epochs: 1).run()
        let learner = try Learner(SmallNetwork.graph().learned, loss: "loss", method: .adamW())
        #expect(throws: TrainingFileError.self) {
            try Trainer(
                learner, training: Samples(count: 60),
                options: TrainerOptions(
                    epochs: 1, batchSize: 8, schedule: try Schedule("constant(rate=0.01)"), folder: folder.path,
                    resumes: true))
        }
    }
}
