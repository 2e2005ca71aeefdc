/// How well scores tell one class from the rest: precision, recall and false positives at every threshold.
///
///     let evaluation = ClassifierEvaluation(scores: [0.9, 0.8, 0.3], isPositive: [true, false, true])
///     evaluation?.averagePrecision              // 0.8333…, as scikit-learn has it
///     evaluation?.areaUnderROC                  // 0.5
///     evaluation?.bestF1.threshold              // 0.3: everything from this score on is taken
///
/// Equal scores stand or fall together: they are one threshold.
package struct ClassifierEvaluation: Sendable {
    /// What a threshold gives.
    package struct Point: Hashable, Sendable {
        /// Scores from this one on are taken for positive.
        package let threshold: Double
        /// Positive rows among them.
        package let truePositives: Int
        /// Negative rows among them.
        package let falsePositives: Int
    }

    /// Positive rows.
    package let positives: Int
    /// Negative rows.
    package let negatives: Int
    /// What each score is worth as a threshold, from the highest to the lowest, which takes everything.
    package let points: [Point]
    /// The rows by falling score, and whether they are positive.
    let ranking: [(row: Int, isPositive: Bool)]
    /// Behind which places of the ranking a threshold lies: one for each point.
    let ends: [Int]

    /// Ranks scores; `nil` where positives or negatives are missing, a score is not finite, or there are not as many
    /// labels as scores.
    package init?(scores: [Double], isPositive: [Bool]) {
        guard scores.count == isPositive.count, scores.allSatisfy(\.isFinite) else { return nil }
        positives = isPositive.count { $0 }
        negatives = isPositive.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
        var (points, ends) = ([Point](), [Int]())
        var (right, wrong) = (0, 0)
        for (place, row) in order.enumerated() {
            if isPositive[row] { right += 1 } else { wrong += 1 }
            if place + 1 < order.count, scores[order[place + 1]] == scores[row] { continue }
            points.append(Point(threshold: scores[row], truePositives: right, falsePositives: wrong))
            ends.append(place + 1)
        }
        self.points = points
        self.ends = ends
        ranking = order.map { ($0, isPositive[$0]) }
    }

    /// The share of positive rows: what a classifier that guesses has as average precision.
    package var baseRate: Double { Double(positives) / Double(positives + negatives) }

    /// Average precision: the precision at each threshold, weighted by the recall that it adds. Not interpolated, as
    /// `average_precision_score` of scikit-learn.
    package var averagePrecision: Double { areas(weights: nil)?.averagePrecision ?? 0 }

    /// The area under the curve of recall over false positive rate: the share of pairs of a positive and a negative row
    /// that are ranked right, equal scores for a half. As `roc_auc_score` of scikit-learn.
    package var areaUnderROC: Double { areas(weights: nil)?.areaUnderROC ?? 0 }

    /// Both areas with a weight for each row, or 1; `nil` where the weights leave no positive or no negative row.
    func areas(weights: [Int]?) -> (averagePrecision: Double, areaUnderROC: Double)? {
        var (right, wrong, place) = (0, 0, 0)
        var (precision, pairs) = (0.0, 0.0)
        for end in ends {
            let (earlier, wrongEarlier) = (right, wrong)
            while place < end {
                let weight = weights?[ranking[place].row] ?? 1
                if ranking[place].isPositive { right += weight } else { wrong += weight }
                place += 1
            }
            if right > earlier { precision += Double(right - earlier) * (Double(right) / Double(right + wrong)) }
            pairs += Double(wrong - wrongEarlier) * (Double(earlier + right) / 2)
        }
        guard right > 0, wrong > 0 else { return nil }
        return (precision / Double(right), pairs / (Double(right) * Double(wrong)))
    }
}
