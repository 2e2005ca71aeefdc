import Lab
import Tensors
import Testing

@Suite struct BiasVarianceTests {
    private func diagnose(_ learner: ScriptedLearner, validation: Int, replicates: Int) throws -> BiasVariance {
        var options = DiagnosisOptions.small
        (options.epochs, options.replicates) = (1, replicates)
        let pool = learner.labels.indices
        return try Diagnosis(
            of: learner,
            samples: DiagnosisSamples(
                training: Array(pool.dropFirst(validation)), validation: Array(pool.prefix(validation))),
            options: options
        ).biasVariance
    }

    /// Of 10 samples 6 are right in 80 % of the trainings; 4 are right in 30 %, and else decided for one other class.
    /// So bias 0.4, variance 0.2 and 0.3, net variance 0.6 · 0.2 - 0.4 · 0.3 = 0, error 0.4.
    @Test func decisionsSplitAsDomingosSays() throws {
        let labels = (0..<220).map { $0 % 3 }
        let learner = ScriptedLearner(classNames: ["a", "b", "c"], labels: labels) { trial, _, sample in
            var numbers = Philox(seed: trial.seed, stream: UInt64(sample))
            let isRight = numbers.chance(sample % 10 < 6 ? 0.8 : 0.3)
            var row: [Float] = [0.1, 0.1, 0.1]
            row[isRight ? labels[sample] : (labels[sample] + 1) % 3] = 0.8
            return row
        }
        let split = try diagnose(learner, validation: 200, replicates: 200)
        #expect(abs(split.bias.value - 0.4) < 1e-9, "\(split.bias)")
        #expect(abs(split.error.value - 0.4) < 0.01, "\(split.error)")
        #expect(abs(split.variance.value - 0.24) < 0.01, "\(split.variance)")
        #expect(abs(split.netVariance.value) < 0.01, "\(split.netVariance)")
        #expect(abs(split.error.value - split.bias.value - split.netVariance.value) < 1e-9)
        #expect(split.bias.interval.contains(0.4) && split.bias.upper - split.bias.lower > 0.05)
    }

    /// Probabilities 0.6 ± 0.2 for the label: over two classes bias 2 · 0.4², variance 2 · 0.2². With three trainings the
    /// mean of the probabilities varies itself, and that must not be taken for bias.
    @Test(arguments: [2, 3, 30]) func squaresSplitWithoutTheMeansOwnVariance(replicates: Int) throws {
        let labels = (0..<1040).map { $0 % 2 }
        let learner = ScriptedLearner(classNames: ["a", "b"], labels: labels) { trial, _, sample in
            var numbers = Philox(seed: trial.seed, stream: UInt64(sample))
            let mine: Float = numbers.chance(0.5) ? 0.8 : 0.4
            return labels[sample] == 0 ? [mine, 1 - mine] : [1 - mine, mine]
        }
        let split = try diagnose(learner, validation: 1000, replicates: replicates)
        #expect(abs(split.brierBias.value - 0.32) < 0.015, "\(split.brierBias)")
        #expect(abs(split.brierVariance.value - 0.08) < 0.008, "\(split.brierVariance)")
        #expect(abs(split.brier.value - split.brierBias.value - split.brierVariance.value) < 1e-9)
    }

    /// One neighbour varies and is little biased; very many are biased and vary little.
    @Test func neighboursTradeBiasForVariance() throws {
        func split(_ neighbours: Int) throws -> BiasVariance {
            let (learner, _) = NeighbourLearner.clouds(count: 460, distance: 1.5, neighbours: neighbours)
            return try Diagnosis(
                of: learner, samples: DiagnosisSamples(training: Array(0..<160), validation: Array(160..<460)),
                options: .small
            ).biasVariance
        }
        let (one, many) = (try split(1), try split(25))
        #expect(one.variance.lower > many.variance.upper, "\(one.variance) and \(many.variance)")
        #expect(one.brierVariance.value > 5 * many.brierVariance.value)
    }
}
