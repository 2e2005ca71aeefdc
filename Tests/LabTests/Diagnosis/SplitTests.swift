import Lab
import Synchronization
import Tensors
import Testing

/// What the trials of a diagnosis are made of, seen by a learner that writes them down.
@Suite struct SplitTests {
    private final class Recorder: DiagnosableLearner {
        let labels: [Int]
        let trials = Mutex([Trial]())

        init(labels: [Int]) { self.labels = labels }

        var classNames: [String] { ["a", "b", "c"] }
        func name(ofSample index: Int) -> String { "sample \(index)" }
        func supports(_ treatment: Treatment) -> Bool { true }

        func run(_ trial: Trial) throws -> [Predictions] {
            trials.withLock { $0.append(trial) }
            let rows = trial.evaluated.flatMap { sample in (0..<3).map { $0 == labels[sample] ? Float(1) : 0 } }
            let predictions = Predictions(classCount: 3, probabilities: rows)
            return Array(repeating: predictions, count: trial.followsEpochs ? trial.epochs : 1)
        }
    }

    /// 120 a, 60 b, 20 c in training.
    private func recorded(further: Bool = false) throws -> (recorder: Recorder, diagnosis: Diagnosis) {
        let kinds = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2]
        let recorder = Recorder(labels: (0..<300).map { kinds[$0 % 10] })
        let diagnosis = try Diagnosis(
            of: recorder,
            samples: DiagnosisSamples(
                training: Array(0..<200), validation: Array(200..<260), further: further ? Array(260..<300) : []),
            options: .small)
        return (recorder, diagnosis)
    }

    private func counts(_ samples: [Int], _ labels: [Int]) -> [Int] {
        (0..<3).map { kind in samples.count { labels[$0] == kind } }
    }

    @Test func equalTrialsRunOnce() throws {
        let (recorder, _) = try recorded()
        let trials = recorder.trials.withLock { $0 }
        #expect(Set(trials).count == trials.count)
        let budget = try Diagnosis.budget(
            of: recorder,
            samples: DiagnosisSamples(training: Array(0..<200), validation: Array(200..<260)), options: .small)
        // 2 seeds · (all, 2 parts, 1 share of wrong labels, 5 remedies that train), 6 bootstraps, 4 folds.
        #expect(budget.trainings == 2 * 9 + 6 + 4 && trials.count == budget.trainings)
        #expect(budget.cost == trials.reduce(0) { $0 + $1.cost })
    }

    @Test func partsAreNestedAndHoldTheClassesInProportion() throws {
        let (recorder, diagnosis) = try recorded()
        let trials = recorder.trials.withLock { $0 }
        for seed in UInt64(0)..<2 {
            func part(_ count: Int) -> [Int] {
                trials.first { $0.samples.count == count && $0.seed == seed }?.samples ?? []
            }
            let (quarter, half) = (part(50), part(100))
            #expect(Set(quarter).isSubset(of: half) && quarter.count == 50 && half.count == 100)
            for (count, wanted) in zip(counts(half, recorder.labels), [60, 30, 10]) {
                #expect(abs(count - wanted) <= 1)
            }
            for (count, wanted) in zip(counts(quarter, recorder.labels), [30, 15, 5]) {
                #expect(abs(count - wanted) <= 1)
            }
        }
        #expect(diagnosis.learningCurve.points.map(\.samples) == [50, 100, 200])
        // As many steps: 2 epochs of 200 samples.
        #expect(trials.allSatisfy { abs($0.cost - 400) <= 100 })
    }

    @Test func foldsHoldEachSampleOnceAndTheClassesInEqualParts() throws {
        let (recorder, _) = try recorded()
        let folds = recorder.trials.withLock { $0 }.filter { $0.evaluated.count == 50 && $0.samples.count == 150 }
        #expect(folds.count == 4)
        #expect(folds.flatMap(\.evaluated).sorted() == Array(0..<200))
        for fold in folds {
            #expect(Set(fold.evaluated).isDisjoint(with: fold.samples))
            for (count, wanted) in zip(counts(fold.evaluated, recorder.labels), [30.0, 15, 5]) {
                #expect(abs(Double(count) - wanted) < 1)
            }
        }
    }

    @Test func bootstrapsDrawFromTrainingAlone() throws {
        let (recorder, _) = try recorded()
        let drawn = recorder.trials.withLock { $0 }.filter { Set($0.samples).count < $0.samples.count }
        #expect(drawn.count == 6 && Set(drawn.map(\.samples)).count == 6)
        for trial in drawn {
            #expect(trial.samples.count == 200 && trial.samples.allSatisfy((0..<200).contains))
            // 1 - 1 ÷ e of the samples are drawn at least once.
            #expect(abs(Double(Set(trial.samples).count) / 200 - 0.632) < 0.08)
        }
    }

    @Test func wrongLabelsAreAsManyAsAskedForAndWrong() throws {
        let (recorder, _) = try recorded()
        let flipped = recorder.trials.withLock { $0 }.filter { !$0.relabelled.isEmpty }
        #expect(flipped.count == 2 && flipped[0].relabelled != flipped[1].relabelled)
        for trial in flipped {
            #expect(trial.relabelled.count == 40)
            #expect(trial.relabelled.allSatisfy { $0.value != recorder.labels[$0.key] && (0..<3).contains($0.value) })
            #expect(Set(trial.relabelled.values) == [0, 1, 2])
        }
    }

    @Test func furtherSamplesAreTheRemedyOfMoreData() throws {
        let (recorder, diagnosis) = try recorded(further: true)
        let trials = recorder.trials.withLock { $0 }
        #expect(trials.count { $0.samples.count == 240 } == 2)
        #expect(diagnosis.remedies.first { $0.remedy == .moreData }?.detail == "200 → 240")
    }

    @Test func aPartOfTheSamplesLeavesTheRest() {
        let labels = (0..<100).map { $0 % 4 == 0 ? 1 : 0 }
        let samples = DiagnosisSamples.part(0.4, ofTraining: Array(0..<80), validation: [90], labels: labels)
        #expect(samples.training.count == 32 && samples.further.count == 48)
        #expect((samples.training + samples.further).sorted() == Array(0..<80))
        #expect(samples.training.count { labels[$0] == 1 } == 8)
    }
}
