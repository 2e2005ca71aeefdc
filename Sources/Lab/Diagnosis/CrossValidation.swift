/// The error on samples that a training did not see, each training sample once: k folds that hold the classes in equal
/// parts.
///
/// The interval is Student's over the folds, with the correction of Nadeau and Bengio ("Inference for the generalization
/// error", 2003): trainings share most of their samples, so that the folds' errors vary together, and 1 ÷ k becomes
/// 1 ÷ k + 1 ÷ (k - 1).
package struct CrossValidation: Hashable, Sendable, Codable {
    package struct Fold: Hashable, Sendable, Codable {
        package var samples: Int
        package var error: Double
    }

    package var folds: [Fold]
    package var error: Estimate
    /// Classes that have fewer samples than there are folds: their errors weigh on some folds alone.
    package var smallClasses: [String]

    init(folds: [Fold], smallClasses: [String] = []) {
        self.folds = folds
        self.smallClasses = smallClasses
        let mean = Estimate.mean(of: folds.map(\.error), correlation: 1 / Double(max(folds.count - 1, 1)))
        error = Estimate(mean.value, max(mean.lower, 0), min(mean.upper, 1))
    }
}

extension DiagnosisContext {
    func crossValidation() throws -> CrossValidation {
        let folds = try foldTrials.map { trial in
            let labels = trial.evaluated.map { draw.labels[$0] }
            let errors = try runner.predictions(trial).errors(0..<labels.count, labels: labels)
            return CrossValidation.Fold(
                samples: labels.count, error: OutcomeTable(rows: [errors]).mean)
        }
        var counts = [Int](repeating: 0, count: learner.classNames.count)
        for sample in samples.training { counts[draw.labels[sample]] += 1 }
        let small = counts.indices.filter { counts[$0] > 0 && counts[$0] < options.folds }
        return CrossValidation(folds: folds, smallClasses: small.map { learner.classNames[$0] })
    }
}
