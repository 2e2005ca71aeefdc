import Augmentation
import Foundation
import Tensors
import Testing
import Training

import Lab

@Suite struct TaskLearnerTests {
    /// 24 sentences for training and 6 for validation, of 3 intents.
    private func intents(augments: Bool = true) throws -> LearningTask {
        let folder = try TemporaryFolder()
        try folder.write(Made.intents().utf8, "data.json")
        return try LearningTask(Intents(file: folder.path + "/data.json"), TaskOptions(augments: augments))
    }

    private func digits() throws -> LearningTask {
        let folder = try Made.digits()
        return try LearningTask(SpokenDigits(folder: folder.path), TaskOptions(augments: true))
    }

    private func trial(_ learner: TaskLearner, epochs: Int = 3) -> Trial {
        let samples = learner.samples()
        return Trial(samples: samples.training, epochs: epochs, seed: 5, evaluated: samples.validation)
    }

    @Test func thePoolIsTrainingThenValidation() throws {
        let task = try intents()
        let learner = try TaskLearner(task)
        let samples = learner.samples()
        #expect(samples.training == Array(0..<24) && samples.validation == Array(24..<30) && samples.further.isEmpty)
        #expect(learner.labels == task.training.labels + task.validation.labels)
        #expect(learner.name(ofSample: 3) == task.training.name(of: 3))
        #expect(learner.name(ofSample: 25) == task.validation.name(of: 1))
        let part = learner.samples(fraction: 0.5)
        #expect(part.training.count == 12 && part.further.count == 12 && part.validation == samples.validation)
        #expect((0..<3).allSatisfy { kind in part.training.count { learner.labels[$0] == kind } == 4 })
    }

    @Test func aTrialIsDecidedByItself() throws {
        let learner = try TaskLearner(intents())
        var trial = trial(learner)
        let first = try learner.run(trial)
        #expect(first.count == 1 && first[0].count == 6)
        #expect((0..<6).allSatisfy { abs(first[0][$0].reduce(0, +) - 1) < 1e-5 })
        #expect(try learner.run(trial) == first)
        trial.followsEpochs = true
        let followed = try learner.run(trial)
        #expect(followed.count == 3 && followed[2] == first[0] && followed[0] != first[0])
        trial.followsEpochs = false
        trial.seed = 6
        #expect(try learner.run(trial) != first)
    }

    @Test func itLearnsTheLabelsThatItIsGiven() throws {
        let learner = try TaskLearner(intents(), rate: 0.05)
        var trial = trial(learner, epochs: 30)
        let right = try learner.run(trial)[0]
        #expect((0..<6).allSatisfy { right.decision($0) == learner.labels[24 + $0] })
        for sample in trial.samples { trial.relabelled[sample] = (learner.labels[sample] + 1) % 3 }
        let wrong = try learner.run(trial)[0]
        #expect((0..<6).allSatisfy { wrong.decision($0) == (learner.labels[24 + $0] + 1) % 3 })
    }

    @Test(arguments: [
        Treatment(augments: true), Treatment(l1: 1e-2), Treatment(l2: 1e-1), Treatment(dropout: 0.5),
        Treatment(width: 0.5), Treatment(width: 2),
    ]) func eachTreatmentChangesTheTraining(treatment: Treatment) throws {
        for learner in [try TaskLearner(intents()), try TaskLearner(digits())] {
            var trial = trial(learner, epochs: 2)
            let plain = try learner.run(trial)
            trial.treatment = treatment
            #expect(learner.supports(treatment))
            #expect(try learner.run(trial) != plain)
        }
    }

    @Test func withoutARecipeNothingIsAugmented() throws {
        let learner = try TaskLearner(intents(augments: false))
        #expect(!learner.supports(Treatment(augments: true)) && learner.supports(Treatment(l1: 1)))
    }

    @Test func aModelThatDoesNotFitIsAnError() throws {
        let task = try intents()
        #expect(throws: LearningError.self) { try TaskLearner(task, model: .cnn) }
    }

    @Test func itCanBeStopped() throws {
        let learner = try TaskLearner(intents()) { false }
        #expect(throws: CancellationError.self) { try learner.run(trial(learner)) }
    }

    @Test func aTaskIsDiagnosedAlikeByAnyNumberOfThreads() throws {
        let learner = try TaskLearner(intents())
        var options = DiagnosisOptions.small
        options.resamples = 100
        let one = try Diagnosis(of: learner, samples: learner.samples(), options: options)
        options.threads = 3
        #expect(try Diagnosis(of: learner, samples: learner.samples(), options: options) == one)
        #expect(one.remedies.map(\.remedy).prefix(8) == Remedy.allCases.prefix(8))
    }

    @Test func aTaskWithOneClassIsAnError() throws {
        let learner = try TaskLearner(intents())
        let ones = (0..<24).filter { learner.labels[$0] == 1 }
        #expect(throws: DiagnosisError.oneClass(name: learner.classNames[1], count: 8)) {
            try Diagnosis(
                of: learner, samples: DiagnosisSamples(training: ones, validation: Array(24..<30)), options: .small)
        }
    }
}
