/// The twelve figures of a COCO detection evaluation, 0 to 1. A figure is `nil` where the ground truth has no object of
/// the size, or the evaluation not the threshold (pycocotools prints −1).
package struct DetectionSummary: Hashable, Sendable, Codable {
    /// Average precision over classes and overlap thresholds.
    package var ap: Double?
    /// At an overlap of 0.5.
    package var ap50: Double?
    /// At an overlap of 0.75.
    package var ap75: Double?
    /// Of objects up to 32² pixels.
    package var apSmall: Double?
    /// Of objects between 32² and 96² pixels.
    package var apMedium: Double?
    /// Of objects from 96² pixels.
    package var apLarge: Double?
    /// Recall over classes and thresholds with one detection of an image and class.
    package var ar1: Double?
    /// With ten detections.
    package var ar10: Double?
    /// With a hundred detections.
    package var ar100: Double?
    /// With a hundred detections, of objects up to 32² pixels.
    package var arSmall: Double?
    /// Of objects between 32² and 96² pixels.
    package var arMedium: Double?
    /// Of objects from 96² pixels.
    package var arLarge: Double?
}

/// The figures of one class.
package struct ClassSummary: Hashable, Sendable, Codable {
    /// Objects that count: crowds do not.
    package var objects: Int
    /// Detections, at most a hundred of an image.
    package var detections: Int
    /// Average precision over the overlap thresholds; `nil` without objects.
    package var ap: Double?
    /// At an overlap of 0.5.
    package var ap50: Double?
    /// At an overlap of 0.75.
    package var ap75: Double?
    /// The highest recall over the overlap thresholds, with a hundred detections of an image.
    package var ar100: Double?
}

extension DetectionEvaluation {
    /// The twelve figures.
    package var summary: DetectionSummary {
        let precisions = averagePrecisions()
        return DetectionSummary(
            ap: mean(precisions), ap50: mean(precisions, at: 0.5), ap75: mean(precisions, at: 0.75),
            apSmall: mean(averagePrecisions(area: .small)), apMedium: mean(averagePrecisions(area: .medium)),
            apLarge: mean(averagePrecisions(area: .large)), ar1: mean(recalls(limit: 1)),
            ar10: mean(recalls(limit: 10)), ar100: mean(recalls()), arSmall: mean(recalls(area: .small)),
            arMedium: mean(recalls(area: .medium)), arLarge: mean(recalls(area: .large)))
    }

    /// The figures of each class.
    package var classes: [ClassSummary] {
        zip(matches, zip(averagePrecisions(), recalls())).map { matches, figures in
            let (precisions, recalls) = figures
            return ClassSummary(
                objects: matches[.all].objectCount, detections: matches.scores.count, ap: mean([precisions]),
                ap50: mean([precisions], at: 0.5), ap75: mean([precisions], at: 0.75), ar100: mean([recalls]))
        }
    }

    /// The mean over the classes that have a figure, of all thresholds or of one.
    private func mean(_ figures: [[Double]?], at overlap: Double? = nil) -> Double? {
        var (sum, count) = (0.0, 0)
        let place = overlap.map(threshold)
        for case let figures? in figures {
            switch place {
            case nil:
                sum += figures.reduce(0, +)
                count += figures.count
            case let place??:
                sum += figures[place]
                count += 1
            case .some(nil): return nil
            }
        }
        return count > 0 ? sum / Double(count) : nil
    }
}
