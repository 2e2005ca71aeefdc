import Foundation
import Testing
import Training

import Lab

@Suite struct RateTests {
    private static func training() throws -> TaskTraining {
        let folder = try Made.digits()
        let task = try LearningTask(SpokenDigits(folder: folder.path))
        return TaskTraining(task: task, model: ModelOptions(width: 0.5, seed: 2), epochs: 4, batchSize: 4)
    }

    @Test func rangeTestPutsWeightsBack() throws {
        let training = try Self.training()
        let learner = try training.learner(training.task.model(training.model))
        let before = learner.weightsDigest
        let test = RateRangeTest(
            finder: LearningRateFinder(minimum: 1e-5, maximum: 10, steps: 40), batchSize: 4, seed: 1)
        let result = try test.run(learner, training.task.training)
        #expect(result.isRestored && learner.weightsDigest == before)
        #expect(result.found.points.count > 10)
        let suggestion = try #require(result.found.suggestion)
        #expect(suggestion == result.found.minimumByTen && suggestion > 1e-5 && suggestion < 1)
        // The same again: weights and draws are the same, the optimizer is new.
        let other = try training.learner(training.task.model(training.model))
        #expect(try test.run(other, training.task.training).found == result.found)
    }

    @Test func rangeTestPutsWeightsBackWhenItIsStopped() throws {
        let training = try Self.training()
        let learner = try training.learner(training.task.model(training.model))
        let before = learner.weightsDigest
        #expect(throws: CancellationError.self) {
            _ = try RateRangeTest(batchSize: 4).run(learner, training.task.training) { $0 < 5 }
        }
        #expect(learner.weightsDigest == before)
    }

    @Test func comparisonTellsRatesApart() throws {
        let training = try Self.training()
        let model = try training.task.model(training.model)
        let comparison = try RateComparison.run(
            [.init("too low", 1e-7), .init("right", 0.01), .init("too high", 1e12)],
            training: training.task.training, validation: training.task.validation, epochs: 4, batchSize: 4, seed: 2,
            makeLearner: { try training.learner(model) })
        #expect(comparison.winner?.candidate.name == "right")
        #expect(comparison.outcomes[0].rows.count == 4)
        let high = comparison.outcomes[2]
        #expect(high.failure != nil || (high.best?.loss ?? .infinity) > (comparison.outcomes[1].best?.loss ?? 0))
        #expect(comparison.text.contains("best: right, 0.01"))
        let svg = comparison.svg(title: "Tones")
        #expect(svg.contains("too low: 1e-7") && svg.contains("accuracy"))
    }

    @Test func schedulesAreShownToTheirEnd() throws {
        let preview = try SchedulePreview("cosine(0.01,steps=1000)+warmup(100)")
        #expect(preview.steps == 1100)
        #expect(preview.rows.count == 11)
        #expect(preview.rows[10].rate < 1e-12)
        #expect(preview.svg.contains("warm-up ends: 100"))
        #expect(preview.table.split(separator: "\n").count == 12)
        #expect(try SchedulePreview("constant(0.1)").steps == 1000)
        #expect(try SchedulePreview("onecycle(0.1,50,momentum=0.85:0.95)").table.contains("momentum"))
        #expect(try SchedulePreview("step(0.1,every=30)", steps: 7).rows.map(\.step) == Array(0...7))
        #expect(throws: ScheduleTextError.self) { _ = try SchedulePreview("cosine(0.01)") }
    }

    @Test func confusionMatrixCounts() {
        let matrix = ConfusionMatrix(
            classNames: ["a", "b", "c"], labels: [0, 0, 0, 1, 1, 2], predictions: [0, 0, 1, 1, 0, 0])
        #expect(matrix.correctCount == 3 && matrix.accuracy == 0.5)
        #expect(matrix.recall(0) == 2.0 / 3 && matrix.recall(2) == 0)
        #expect(matrix.precision(0) == 0.5 && matrix.precision(2) == nil)
        #expect(abs(matrix.balancedAccuracy - (2.0 / 3 + 0.5) / 3) < 1e-12)
        #expect(matrix.confusions(2).map(\.count) == [1, 1])
        #expect(matrix.text.contains("66.7 %"))
    }

    @Test func bestAndProbabilities() {
        #expect(Classifier.best([1, 3, 3, 0, -1, -2], classes: 3) == [1, 0])
        let row = Classifier.probabilities([0, 0, 1000, 1000], classes: 2)
        #expect(row == [0.5, 0.5, 0.5, 0.5])
    }
}
