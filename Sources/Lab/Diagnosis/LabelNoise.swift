/// Whether labels are wrong, and how much wrong ones would cost.
///
/// The probe makes a share of the training labels wrong and looks what becomes of validation, and how many of the wrong
/// labels the model learns by heart (Arpit et al., "A closer look at memorization in deep networks", 2017).
///
/// The suspects are found by confident learning (Northcutt, Jiang, Chuang, "Confident learning", 2021) in its simplest
/// form: a class is confident in a sample when its probability reaches the mean that it has among its own samples; a
/// sample is suspect when a class other than its label is, with one half at least. The probabilities are means over all
/// trainings that did not see the sample (folds and bootstraps), so that what varies between trainings is not taken for a
/// wrong label. A model that cannot tell two classes apart with good reason makes suspects too: the list is to be looked
/// at.
package struct LabelNoise: Hashable, Sendable, Codable {
    package struct Probe: Hashable, Sendable, Codable {
        /// Of the training labels, made wrong.
        package var share: Double
        package var validation: Estimate
        /// The share of the wrong labels that the model gives back.
        package var memorized: Double
    }

    package struct Suspect: Hashable, Sendable, Codable {
        /// The index into the pool.
        package var sample: Int
        package var name: String
        package var label: String
        package var suggestion: String
        /// Of the suggestion and of the label.
        package var probability: Double
        package var labelProbability: Double
    }

    package var probes: [Probe]
    /// The most confident first.
    package var suspects: [Suspect]
    /// The share of suspects among the samples of training and validation.
    package var share: Estimate
}

extension DiagnosisContext {
    func labelNoise() throws -> LabelNoise {
        let probes = try options.flipShares.map { share in
            let trials = flipped(share)
            var validation = OutcomeTable(rows: [])
            var (memorized, count) = (0, 0)
            for trial in trials {
                let predictions = try runner.predictions(trial)
                validation.rows.append(predictions.errors(validationRows, labels: validationLabels))
                for (row, sample) in trial.evaluated.enumerated().dropFirst(validationRows.count) {
                    count += 1
                    if predictions.decision(row) == trial.relabelled[sample] { memorized += 1 }
                }
            }
            return LabelNoise.Probe(
                share: share, validation: resampling.share(of: validation),
                memorized: Double(memorized) / Double(max(count, 1)))
        }
        let pool = (samples.training + samples.validation).sorted()
        let rows = try heldOut(pool)
        let suspects = LabelNoise.suspects(
            rows.map { $0 ?? [] }, labels: pool.map { draw.labels[$0] }, classCount: learner.classNames.count)
        return LabelNoise(
            probes: probes,
            suspects: suspects.map { place, suggestion in
                let (row, label) = (rows[place] ?? [], draw.labels[pool[place]])
                return LabelNoise.Suspect(
                    sample: pool[place], name: learner.name(ofSample: pool[place]),
                    label: learner.classNames[label], suggestion: learner.classNames[suggestion],
                    probability: row[suggestion], labelProbability: row[label])
            },
            share: Estimate.share(Double(suspects.count) / Double(max(pool.count, 1)), of: pool.count))
    }

    /// The mean probabilities of each sample over the folds and bootstraps that did not learn from it.
    private func heldOut(_ pool: [Int]) throws -> [[Double]?] {
        var sums = [Int: (sum: [Double], count: Double)]()
        for trial in try foldTrials + replicates {
            let predictions = try runner.predictions(trial)
            let learned = Set(trial.samples)
            for (row, sample) in trial.evaluated.enumerated() where !learned.contains(sample) {
                let values = predictions[row].map(Double.init)
                let known = sums[sample] ?? ([Double](repeating: 0, count: values.count), 0)
                sums[sample] = (zip(known.sum, values).map(+), known.count + 1)
            }
        }
        return pool.map { sample in sums[sample].map { known in known.sum.map { $0 / known.count } } }
    }
}

extension LabelNoise {
    /// The places of suspect samples with the class that is confident in them, the widest margin first.
    static func suspects(
        _ rows: [[Double]], labels: [Int], classCount: Int
    ) -> [(place: Int, suggestion: Int)] {
        var (sums, counts) = ([Double](repeating: 0, count: classCount), [Double](repeating: 0, count: classCount))
        for (row, label) in zip(rows, labels) where !row.isEmpty {
            sums[label] += row[label]
            counts[label] += 1
        }
        var found: [(place: Int, suggestion: Int, margin: Double)] = []
        for (place, row) in rows.enumerated() where !row.isEmpty {
            let label = labels[place]
            let confident = row.indices.filter { counts[$0] > 0 && row[$0] >= sums[$0] / counts[$0] }
            guard let best = confident.max(by: { row[$0] < row[$1] }), best != label, row[best] >= 0.5,
                row[best] > row[label]
            else { continue }
            found.append((place, best, row[best] - row[label]))
        }
        return found.sorted { ($1.margin, $0.place) < ($0.margin, $1.place) }.map { ($0.place, $0.suggestion) }
    }
}
