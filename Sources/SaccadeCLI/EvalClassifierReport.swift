import Evaluation
import Foundation

/// What `eval pr` tells: as JSON the keys in snake case.
struct EvalClassifierReport: Encodable {
    typealias OperatingPoint = ClassifierEvaluation.OperatingPoint

    struct AtRecall: Encodable {
        let wanted: Double
        let point: OperatingPoint
    }

    struct Cost: Encodable {
        let falsePositive: Double
        let falseNegative: Double
        /// Of a row, at the cheapest threshold.
        let mean: Double
        /// Of a row, when none is taken for positive.
        let meanOfNothing: Double
        /// Of a row, when all are.
        let meanOfEverything: Double
        /// Where scores that are probabilities should be cut; left out for other scores.
        let thresholdOfProbabilities: Double?
        let point: OperatingPoint
    }

    struct Class: Encodable {
        let name: String
        let positives: Int
        let negatives: Int
        /// The average precision of guessing.
        let baseRate: Double
        let averagePrecision: Double
        let areaUnderRoc: Double
        let interval: Bootstrap.AreaEstimates?
        let bestF1: OperatingPoint
        let atRecall: [AtRecall]
        let leastCost: Cost?
        /// What the share of positives means for the figures.
        let note: String?
    }

    struct Mean: Encodable {
        let averagePrecision: Double
        let areaUnderRoc: Double
        let interval: Bootstrap.AreaEstimates?
    }

    let file: String
    let rows: Int
    let resamples: Int
    let seed: UInt64
    let classes: [Class]
    /// The mean over the classes where there are several.
    let mean: Mean?

    init(
        file: String, classes: ClassifierClasses, recalls: [Double], costs: ClassifierEvaluation.Costs?,
        bootstrap: Bootstrap
    ) {
        self.file = file
        rows = classes.rows
        resamples = bootstrap.resamples
        seed = bootstrap.seed
        let intervals = bootstrap.intervals(of: classes.measured.map(\.evaluation))
        let found = zip(classes.measured, intervals.classes).map { entry, interval in
            Class(entry.name, entry.evaluation, interval: interval, recalls: recalls, costs: costs)
        }
        self.classes = found
        let count = Double(found.count)
        mean =
            found.count > 1
            ? Mean(
                averagePrecision: found.reduce(0) { $0 + $1.averagePrecision } / count,
                areaUnderRoc: found.reduce(0) { $0 + $1.areaUnderRoc } / count, interval: intervals.mean) : nil
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}

extension EvalClassifierReport.Class {
    fileprivate init(
        _ name: String, _ evaluation: ClassifierEvaluation, interval: Bootstrap.AreaEstimates?, recalls: [Double],
        costs: ClassifierEvaluation.Costs?
    ) {
        self.name = name
        (positives, negatives) = (evaluation.positives, evaluation.negatives)
        baseRate = evaluation.baseRate
        averagePrecision = evaluation.averagePrecision
        areaUnderRoc = evaluation.areaUnderROC
        self.interval = interval
        bestF1 = evaluation.bestF1
        atRecall = recalls.compactMap { wanted in
            evaluation.best(atRecall: wanted).map { EvalClassifierReport.AtRecall(wanted: wanted, point: $0) }
        }
        leastCost = costs.map { EvalClassifierReport.Cost(evaluation, costs: $0) }
        note = Self.note(evaluation)
    }

    /// What the share of positives means: where they are few, false alarms hide behind the many negatives in ROC AUC;
    /// where they are many, guessing has a high average precision.
    private static func note(_ evaluation: ClassifierEvaluation) -> String? {
        func percent(_ share: Double) -> String { String(format: share < 0.0995 ? "%.1f %%" : "%.0f %%", share * 100) }
        if evaluation.baseRate > 0.8 {
            return "\(percent(evaluation.baseRate)) of the rows are positive: guessing already has that average "
                + "precision. Measure the rarer class with --positive."
        }
        guard evaluation.baseRate < 0.2 else { return nil }
        let best = evaluation.bestF1
        let times = String(format: "%.0f", Double(evaluation.negatives) / Double(evaluation.positives))
        return "\(percent(evaluation.baseRate)) of the rows are positive, \(times) negatives on each. ROC AUC divides "
            + "false alarms by all negatives, and so they hardly show: at the best F1 the false positive rate is "
            + "\(percent(best.falsePositiveRate)), and yet \(percent(1 - (best.precision ?? 1))) of what is called "
            + "positive is wrong. Judge by average precision, against \(String(format: "%.4f", evaluation.baseRate)) for guessing."
    }
}

extension EvalClassifierReport.Cost {
    fileprivate init(_ evaluation: ClassifierEvaluation, costs: ClassifierEvaluation.Costs) {
        (falsePositive, falseNegative) = (costs.falsePositive, costs.falseNegative)
        point = evaluation.cheapest(costs)
        mean = costs.mean(of: point)
        meanOfNothing = costs.mean(of: evaluation.operatingPoint(nil))
        meanOfEverything = costs.mean(of: evaluation.operatingPoint(evaluation.points.last))
        let scores = (evaluation.points.last?.threshold ?? -1, evaluation.points.first?.threshold ?? 2)
        thresholdOfProbabilities =
            scores.0 >= 0 && scores.1 <= 1 ? costs.thresholdOfProbabilities : nil
    }
}
