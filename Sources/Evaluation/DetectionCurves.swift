/// The curves of an evaluation: precision over recall, and precision, recall and F1 over the confidence threshold.
///
/// Curves over confidence are of one overlap (0.5 where the evaluation has it, else its first), not interpolated, and
/// count as the protocol does: at most a hundred detections of an image and class, crowds ignored. `mean` is the mean
/// over the classes that have objects.
package struct DetectionCurves: Sendable {
    /// One class, or the mean of all.
    package struct Curve: Sendable {
        /// Its name.
        package let name: String
        /// Interpolated precision at `recalls`, at the overlap of the curves.
        package var precisionOverRecall: [Double]
        /// The same as mean over the overlaps of the evaluation.
        package var averagedPrecisionOverRecall: [Double]
        /// Precision at `confidences`; `nil` where nothing is that sure.
        package var precision: [Double?]
        /// Recall at `confidences`.
        package var recall: [Double]
        /// The harmonic mean of precision and recall at `confidences`; 0 where nothing is that sure.
        package var f1: [Double]
    }

    /// A confidence threshold, and what it gives.
    package struct OperatingPoint: Hashable, Sendable, Codable {
        /// The threshold: detections from this score on are kept.
        package var confidence: Double
        /// The harmonic mean of precision and recall.
        package var f1: Double
        /// The share of the kept detections that are right; `nil` when none is kept.
        package var precision: Double?
        /// The share of the objects that are found.
        package var recall: Double
    }

    /// The number of steps of the confidence axis.
    package static let steps = 1000

    /// The overlap from which a detection counts as right.
    package let overlap: Double
    /// The recalls of the curves over recall: 0 to 1 in hundredths.
    package let recalls = COCOProtocol.recalls
    /// The confidences, from the lowest (0, or less where scores are) to the highest (1, or more).
    package let confidences: [Double]
    /// The curves of the classes; `nil` for a class without objects.
    package let classes: [Curve?]
    /// The mean over the classes; `nil` without objects.
    package let mean: Curve?

    /// The curves of an evaluation whose classes have these names.
    package init(_ evaluation: DetectionEvaluation, classNames: [String]) {
        let place = evaluation.threshold(0.5) ?? 0
        overlap = evaluation.thresholds[place]
        let lowest = evaluation.matches.compactMap(\.scores.last).min() ?? 0
        let highest = evaluation.matches.compactMap(\.scores.first).max() ?? 1
        let (first, last) = (min(0, lowest), max(1, highest))
        let confidences = (0...Self.steps).map { first + (last - first) * Double($0) / Double(Self.steps) }
        self.confidences = confidences
        var accumulator = PrecisionAccumulator(thresholdCount: evaluation.thresholds.count)
        let weights = Array(repeating: 1, count: evaluation.imageCount)
        classes = evaluation.matches.enumerated().map { index, matches in
            let hasObjects = accumulator.run(
                matches, area: .all, limit: COCOProtocol.maximumDetections, weights: weights)
            guard hasObjects else { return nil }
            let name = classNames.indices.contains(index) ? classNames[index] : "class \(index)"
            return Curve(
                name: name, precision: accumulator.precision, row: place, matches: matches, at: confidences)
        }
        mean = Curve(meanOf: classes.compactMap(\.self))
    }

    /// The threshold with the highest F1 of a curve, the lowest of equal ones.
    package func best(of curve: Curve) -> OperatingPoint {
        var best = 0
        for index in curve.f1.indices where curve.f1[index] > curve.f1[best] { best = index }
        return OperatingPoint(
            confidence: confidences[best], f1: curve.f1[best], precision: curve.precision[best],
            recall: curve.recall[best])
    }
}

extension DetectionCurves.Curve {
    /// The curves of a class.
    fileprivate init(name: String, precision: [Double], row: Int, matches: ClassMatches, at confidences: [Double]) {
        self.name = name
        let count = COCOProtocol.recalls.count
        precisionOverRecall = Array(precision[row * count..<(row + 1) * count])
        let rows = precision.count / count
        averagedPrecisionOverRecall = (0..<count).map { column in
            (0..<rows).reduce(0) { $0 + precision[$1 * count + column] } / Double(rows)
        }
        let outcome = matches[.all]
        let objects = Double(outcome.objectCount)
        let mask = UInt32(1) << UInt32(row)
        self.precision = Array(repeating: nil, count: confidences.count)
        recall = Array(repeating: 0, count: confidences.count)
        f1 = recall
        var (right, wrong, next) = (0.0, 0.0, 0)
        for index in confidences.indices.reversed() {
            while next < matches.scores.count, matches.scores[next] >= confidences[index] {
                if outcome.right[next] & mask != 0 {
                    right += 1
                } else if outcome.ignored[next] & mask == 0 {
                    wrong += 1
                }
                next += 1
            }
            recall[index] = right / objects
            guard right + wrong > 0 else { continue }
            self.precision[index] = right / (right + wrong)
            f1[index] = 2 * right / (right + wrong + objects)
        }
    }

    /// The mean of curves; `nil` when there are none. Where some classes have no precision it is that of the others.
    fileprivate init?(meanOf curves: [DetectionCurves.Curve]) {
        guard let first = curves.first else { return nil }
        func mean(_ values: (DetectionCurves.Curve) -> [Double]) -> [Double] {
            var sums = values(first).map { _ in 0.0 }
            for curve in curves {
                for (index, value) in values(curve).enumerated() { sums[index] += value }
            }
            return sums.map { $0 / Double(curves.count) }
        }
        name = curves.count == 1 ? "mean of 1 class" : "mean of \(curves.count) classes"
        precisionOverRecall = mean(\.precisionOverRecall)
        averagedPrecisionOverRecall = mean(\.averagedPrecisionOverRecall)
        recall = mean(\.recall)
        f1 = mean(\.f1)
        precision = first.precision.indices.map { index in
            let values = curves.compactMap { $0.precision[index] }
            return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
    }
}
