extension ClassifierEvaluation {
    /// A threshold, and what it gives.
    package struct OperatingPoint: Hashable, Sendable, Codable {
        /// Scores from this one on are taken for positive; `nil` when nothing is.
        package let threshold: Double?
        package let truePositives: Int
        package let falsePositives: Int
        package let falseNegatives: Int
        package let trueNegatives: Int
        /// The share of what is taken that is positive; `nil` when nothing is taken.
        package let precision: Double?
        /// The share of the positive rows that is taken.
        package let recall: Double
        /// The share of the negative rows that is taken.
        package let falsePositiveRate: Double
        /// The harmonic mean of precision and recall; 0 when nothing is taken.
        package let f1: Double
    }

    /// What errors cost, in any unit.
    package struct Costs: Hashable, Sendable {
        /// A negative row that is taken.
        package var falsePositive: Double
        /// A positive row that is not.
        package var falseNegative: Double

        /// Costs; finite, not negative.
        package init(falsePositive: Double = 1, falseNegative: Double = 1) {
            self.falsePositive = falsePositive
            self.falseNegative = falseNegative
        }

        /// What the errors of a threshold cost, divided by the number of rows.
        package func mean(of point: OperatingPoint) -> Double {
            let rows =
                point.truePositives + point.falsePositives + point.falseNegatives + point.trueNegatives
            return
                (falsePositive * Double(point.falsePositives) + falseNegative * Double(point.falseNegatives))
                / Double(max(1, rows))
        }

        /// The threshold of least cost where scores are probabilities that are right on average: a row is taken as soon
        /// as leaving it costs more. `nil` where nothing costs anything.
        package var thresholdOfProbabilities: Double? {
            let sum = falsePositive + falseNegative
            return sum > 0 ? falsePositive / sum : nil
        }
    }

    /// What a point gives; without one, what it gives to take nothing.
    package func operatingPoint(_ point: Point?) -> OperatingPoint {
        let (right, wrong) = (point?.truePositives ?? 0, point?.falsePositives ?? 0)
        return OperatingPoint(
            threshold: point?.threshold, truePositives: right, falsePositives: wrong,
            falseNegatives: positives - right, trueNegatives: negatives - wrong,
            precision: right + wrong > 0 ? Double(right) / Double(right + wrong) : nil,
            recall: Double(right) / Double(positives), falsePositiveRate: Double(wrong) / Double(negatives),
            f1: 2 * Double(right) / Double(right + wrong + positives))
    }

    /// The threshold with the highest F1, the lowest of equal ones.
    package var bestF1: OperatingPoint {
        best { Double($0.truePositives) / Double($0.truePositives + $0.falsePositives + positives) }
    }

    /// The threshold with the highest precision among those that find at least this share of the positive rows, the
    /// lowest of equal ones; `nil` for a recall above 1.
    package func best(atRecall recall: Double) -> OperatingPoint? {
        guard recall <= 1 else { return nil }
        return best {
            guard Double($0.truePositives) / Double(positives) >= recall else { return -1 }
            return Double($0.truePositives) / Double($0.truePositives + $0.falsePositives)
        }
    }

    /// The threshold of least cost on these rows, the highest of equal ones; to take nothing is one of the choices.
    package func cheapest(_ costs: Costs) -> OperatingPoint {
        var (best, least) = (nil as Point?, costs.falseNegative * Double(positives))
        for point in points {
            let cost =
                costs.falsePositive * Double(point.falsePositives)
                + costs.falseNegative * Double(positives - point.truePositives)
            if cost < least { (best, least) = (point, cost) }
        }
        return operatingPoint(best)
    }

    private func best(by worth: (Point) -> Double) -> OperatingPoint {
        var (best, most) = (nil as Point?, -Double.infinity)
        for point in points {
            let worth = worth(point)
            if worth >= most { (best, most) = (point, worth) }
        }
        return operatingPoint(best)
    }
}
