import Lab
import Tensors
import Testing

@Suite struct EstimateTests {
    private func isNear(_ value: Double, _ wanted: Double, _ tolerance: Double = 5e-5) -> Bool {
        abs(value - wanted) < tolerance
    }

    /// The figures of Newcombe's papers of 1998: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    @Test(arguments: [
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718),
    ])
    func wilsonsIntervalIsThePublishedOne(successes: Int, count: Int, lower: Double, upper: Double) {
        let estimate = Estimate.share(Double(successes) / Double(count), of: count)
        #expect(isNear(estimate.lower, lower) && isNear(estimate.upper, upper), "\(estimate)")
    }

    /// 56 of 70 against 48 of 80.
    @Test func theDifferenceOfSharesIsThePublishedOne() {
        let difference = Estimate.share(0.8, of: 70) - Estimate.share(0.6, of: 80)
        #expect(isNear(difference.value, 0.2), "\(difference)")
        #expect(isNear(difference.lower, 0.0524) && isNear(difference.upper, 0.3339), "\(difference)")
    }

    /// Quantiles of Student's t from its published tables.
    @Test(arguments: [(2, 12.7062), (6, 2.5706), (12, 2.2010), (21, 2.0860), (61, 2.0003)])
    func fewFiguresHaveStudentsInterval(count: Int, quantile: Double) {
        let figures = (0..<count).map { $0 == 0 ? 1.0 : 0 }
        let mean = 1 / Double(count)
        // The variance of one 1 among zeros is 1 ÷ count.
        let half = quantile * mean
        let estimate = Estimate.mean(of: figures)
        #expect(isNear(estimate.value, mean, 1e-12) && isNear(estimate.upper - mean, half, 2e-4 * half), "\(estimate)")
        let correlated = Estimate.mean(of: figures, correlation: 3 / Double(count))
        #expect(isNear(correlated.upper - mean, 2 * half, 4e-4 * half))
    }

    @Test func oneFigureHasNoInterval() {
        let estimate = Estimate.mean(of: [0.3])
        #expect(estimate.value == 0.3 && estimate.lower == -.infinity && estimate.upper == .infinity)
    }

    /// Learners that are right with probability 0.8 whatever the sample: the interval of the diagnosis shrinks with the
    /// root of the samples and mostly holds the truth.
    @Test func intervalsShrinkAndHoldTheTruth() throws {
        var (widths, hits) = ([Int: Double](), 0)
        let repeats = 40
        for count in [100, 400] {
            for seed in 0..<UInt64(repeats) {
                let learner = ScriptedLearner(classNames: ["a", "b"], labels: (0..<count + 40).map { $0 % 2 }) {
                    trial, _, sample in
                    var numbers = Philox(seed: trial.seed, stream: UInt64(sample))
                    let isRight = numbers.chance(0.8)
                    return (sample % 2 == 0) == isRight ? [0.9, 0.1] : [0.1, 0.9]
                }
                var options = DiagnosisOptions.small
                (options.seed, options.epochs, options.resamples) = (1000 * seed, 1, 200)
                let validation = try Diagnosis(
                    of: learner,
                    samples: DiagnosisSamples(training: Array(count..<count + 40), validation: Array(0..<count)),
                    options: options
                ).validation
                widths[count, default: 0] += (validation.upper - validation.lower) / Double(repeats)
                if validation.interval.contains(0.2) { hits += 1 }
            }
        }
        let (few, many) = (widths[100] ?? 0, widths[400] ?? 0)
        #expect(few / many > 1.7 && few / many < 2.3, "\(few) and \(many)")
        #expect(Double(hits) >= 0.93 * Double(2 * repeats), "\(hits) of \(2 * repeats)")
    }
}
