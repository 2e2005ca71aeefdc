/// The error split into what all trainings get wrong alike and what varies from one training to the next, over bootstraps
/// of the training samples. What the labels have of noise is in the bias.
///
/// For decisions: Domingos, "A unified bias-variance decomposition", 2000. A sample is biased when the main decision, the
/// most frequent one, is wrong. Variance makes unbiased samples worse and biased ones better, so that
/// error = bias + net variance. For probabilities: Brier's score splits into squares, with the corrections that a finite
/// number of trainings needs (the mean's own variance is not bias).
package struct BiasVariance: Hashable, Sendable, Codable {
    package var replicates: Int
    package var error: Estimate
    package var bias: Estimate
    /// Of unbiased samples the wrong decisions, minus the right ones of biased samples.
    package var netVariance: Estimate
    /// The decisions that differ from the main one.
    package var variance: Estimate
    /// Brier's score over all classes, in 0…2.
    package var brier: Estimate
    package var brierBias: Estimate
    package var brierVariance: Estimate

    /// The split for one sample.
    struct Split: Hashable {
        var error = 0.0
        var bias = 0.0
        var netVariance = 0.0
        var variance = 0.0
        var brier = 0.0
        var brierBias = 0.0
        var brierVariance = 0.0

        /// - Parameter rows: each training's probabilities of the classes.
        init(_ rows: [ArraySlice<Float>], label: Int) {
            let count = Double(rows.count)
            let classCount = rows[0].count
            var votes = [Double](repeating: 0, count: classCount)
            var mean = [Double](repeating: 0, count: classCount)
            for row in rows {
                var best = row.startIndex
                for place in row.indices {
                    mean[place - row.startIndex] += Double(row[place]) / count
                    if row[place] > row[best] { best = place }
                }
                votes[best - row.startIndex] += 1
            }
            // Of equal numbers of votes the label's counts as the main decision, else the first.
            let most = votes.max() ?? 0
            let main = votes[label] == most ? label : votes.firstIndex(of: most) ?? 0
            error = 1 - votes[label] / count
            bias = main == label ? 0 : 1
            variance = 1 - most / count
            netVariance = error - bias

            var spread = 0.0
            for row in rows {
                for (place, probability) in row.enumerated() {
                    let (p, wanted) = (Double(probability), place == label ? 1.0 : 0.0)
                    brier += (p - wanted) * (p - wanted) / count
                    spread += (p - mean[place]) * (p - mean[place])
                }
            }
            brierVariance = rows.count > 1 ? spread / (count - 1) : 0
            brierBias = brier - brierVariance
        }
    }
}

extension DiagnosisContext {
    func biasVariance() throws -> BiasVariance {
        let all = try replicates.map(runner.predictions)
        let labels = validationLabels
        let splits = validationRows.map { row in
            BiasVariance.Split(all.map { $0[row] }, label: labels[row])
        }
        func estimate(_ part: (BiasVariance.Split) -> Double) -> Estimate {
            resampling.mean(of: OutcomeTable(rows: [splits.map(part)]))
        }
        return BiasVariance(
            replicates: all.count, error: estimate(\.error), bias: estimate(\.bias),
            netVariance: estimate(\.netVariance), variance: estimate(\.variance), brier: estimate(\.brier),
            brierBias: estimate(\.brierBias), brierVariance: estimate(\.brierVariance))
    }
}
