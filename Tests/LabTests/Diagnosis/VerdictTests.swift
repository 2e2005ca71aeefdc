import Lab
import Tensors
import Testing

/// Made-up situations whose verdict is known.
@Suite struct VerdictTests {
    private func diagnose(
        _ learner: some DiagnosableLearner, training: Int, validation: Int, _ options: DiagnosisOptions = .small
    ) throws -> Diagnosis {
        try Diagnosis(
            of: learner,
            samples: DiagnosisSamples(
                training: Array(0..<training), validation: Array(training..<training + validation)),
            options: options)
    }

    /// One neighbour knows its own samples by heart; fifteen close most of the gap.
    @Test func oneNeighbourOverfitsAndRegularizationHelps() throws {
        let (learner, _) = NeighbourLearner.clouds(count: 800, distance: 1.5, neighbours: 1)
        let diagnosis = try diagnose(learner, training: 300, validation: 500)
        #expect(diagnosis.verdict.kind == .overfitting, "\(diagnosis.text)")
        #expect(diagnosis.training.value == 0 && diagnosis.gap.lower > 0.1)
        #expect(diagnosis.verdict.nextAction.contains("L2"), "\(diagnosis.verdict)")
        let remedy = try #require(diagnosis.remedies.first { $0.remedy == .l2 })
        #expect(remedy.validationChange.upper < 0 && remedy.gapChange.upper < 0)
        // The learner has no dropout, and what it does not do changes nothing.
        #expect(!diagnosis.remedies.contains { $0.remedy == .dropout })
        let without = try #require(diagnosis.remedies.first { $0.remedy == .l1 })
        #expect(without.validationChange.value == 0 && without.gapChange.value == 0)
    }

    /// A straight cut cannot tell the quadrants of a plane; a wider model can.
    @Test func aStraightCutUnderfitsQuadrants() throws {
        var numbers = Philox(seed: 3)
        let points = (0..<600).map { _ in SIMD2(numbers.normal(), numbers.normal()) }
        let labels = points.map { ($0.x > 0) == ($0.y > 0) ? 1 : 0 }
        let learner = ScriptedLearner(classNames: ["a", "b"], labels: labels) { trial, _, sample in
            let point = points[sample]
            let decides = trial.treatment.width > 1 ? (point.x > 0) == (point.y > 0) : point.x > 0
            return decides ? [0.2, 0.8] : [0.8, 0.2]
        }
        let diagnosis = try diagnose(learner, training: 300, validation: 300)
        #expect(diagnosis.verdict.kind == .underfitting, "\(diagnosis.text)")
        #expect(diagnosis.verdict.nextAction == "Take a larger model.")
        #expect(diagnosis.verdict.measuredEffect?.contains("larger model (width × 2.00): validation error -") == true)
    }

    @Test func wrongLabelsAreFoundByName() throws {
        let (learner, wrong) = NeighbourLearner.clouds(count: 700, distance: 8, neighbours: 9, wrongShare: 0.12)
        let diagnosis = try diagnose(learner, training: 400, validation: 300)
        #expect(diagnosis.verdict.kind == .noisyLabels, "\(diagnosis.text)")
        let found = Set(diagnosis.labelNoise.suspects.map(\.sample))
        #expect(found.intersection(wrong).count >= wrong.count * 9 / 10)
        #expect(found.subtracting(wrong).count <= wrong.count / 10)
        #expect(diagnosis.labelNoise.share.interval.contains(0.12))
        let first = try #require(diagnosis.labelNoise.suspects.first)
        #expect(first.name == "point \(first.sample)" && first.label != first.suggestion)
        #expect(diagnosis.text.contains(first.name))
        #expect(diagnosis.remedies.contains { $0.remedy == .cleanedLabels })
    }

    /// Overlapping classes are no wrong labels.
    @Test func whatVariesIsNotTakenForWrongLabels() throws {
        let (learner, _) = NeighbourLearner.clouds(count: 800, distance: 2, neighbours: 1)
        #expect(try diagnose(learner, training: 300, validation: 500).verdict.kind == .overfitting)
    }

    @Test func distantCloudsAreFine() throws {
        let (learner, _) = NeighbourLearner.clouds(count: 800, distance: 8, neighbours: 5)
        let diagnosis = try diagnose(learner, training: 300, validation: 500)
        #expect(diagnosis.verdict.kind == .fine, "\(diagnosis.text)")
        #expect(diagnosis.labelNoise.suspects.isEmpty)
    }

    @Test func aDozenSamplesDecideNothing() throws {
        let (learner, _) = NeighbourLearner.clouds(count: 312, distance: 8, neighbours: 5)
        let diagnosis = try diagnose(learner, training: 300, validation: 12)
        #expect(diagnosis.verdict.kind == .notDecidable, "\(diagnosis.text)")
        #expect(diagnosis.verdict.nextAction.contains("more validation samples"))
    }

    @Test func theNoiseProbeSeesWhatIsLearnedByHeart() throws {
        func memorized(_ neighbours: Int) throws -> LabelNoise.Probe {
            let (learner, _) = NeighbourLearner.clouds(count: 500, distance: 8, neighbours: neighbours)
            return try #require(diagnose(learner, training: 300, validation: 200).labelNoise.probes.first)
        }
        let (one, many) = (try memorized(1), try memorized(25))
        #expect(one.memorized == 1 && abs(one.validation.value - 0.2) < 0.1)
        #expect(many.memorized < 0.05 && many.validation.value < 0.02)
    }

    /// The validation loss is lowest at epoch 3 of 8; later epochs are wrong in more samples.
    @Test func earlyStoppingFindsTheLowestLoss() throws {
        let labels = (0..<400).map { $0 % 2 }
        let learner = ScriptedLearner(classNames: ["a", "b"], labels: labels) { trial, epoch, sample in
            var numbers = Philox(seed: trial.seed, stream: UInt64(sample))
            let isWrong = numbers.chance(sample < 200 ? 0 : 0.05 + 0.04 * Double(abs(epoch - 3)))
            return (labels[sample] == 0) != isWrong ? [0.9, 0.1] : [0.1, 0.9]
        }
        var options = DiagnosisOptions.small
        options.epochs = 8
        let diagnosis = try diagnose(learner, training: 200, validation: 200, options)
        let outcome = try #require(diagnosis.remedies.first { $0.remedy == .earlyStopping })
        #expect(outcome.detail == "epoch 3.0 of 8")
        #expect(abs(outcome.validationChange.value + 0.2) < 0.06 && outcome.validationChange.upper < 0)
        let best = diagnosis.epochCurve.points.min { $0.validationLoss.value < $1.validationLoss.value }
        #expect(best?.epoch == 3 && diagnosis.epochCurve.points.count == 8)
    }

    /// Independent mistakes of 0.3 with mild probabilities: five members are wrong together in 16.3 %.
    @Test func anEnsembleAveragesMistakesOut() throws {
        let labels = (0..<1200).map { $0 % 2 }
        let learner = ScriptedLearner(classNames: ["a", "b"], labels: labels) { trial, _, sample in
            var numbers = Philox(seed: trial.seed, stream: UInt64(sample))
            let isWrong = numbers.chance(0.3)
            return (labels[sample] == 0) != isWrong ? [0.6, 0.4] : [0.4, 0.6]
        }
        var options = DiagnosisOptions.small
        options.seeds = 5
        let outcome = try #require(
            diagnose(learner, training: 200, validation: 1000, options).remedies.first { $0.remedy == .ensemble })
        #expect(abs(outcome.validation.value - 0.163) < 0.03, "\(outcome)")
        #expect(outcome.validationChange.upper < -0.08 && outcome.detail == "5 members")
    }

    @Test func theLearningCurveOfNeighboursFalls() throws {
        let (learner, _) = NeighbourLearner.clouds(count: 800, distance: 2.5, neighbours: 9)
        var options = DiagnosisOptions.small
        options.fractions = [0.03, 0.1, 0.3, 1]
        let curve = try diagnose(learner, training: 300, validation: 500, options).learningCurve
        #expect(curve.points.map(\.samples) == [9, 30, 90, 300])
        #expect((curve.points.first?.validation.value ?? 0) > (curve.points.last?.validation.upper ?? 1))
    }
}
