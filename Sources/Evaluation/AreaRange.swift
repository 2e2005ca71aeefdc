/// The sizes of objects that COCO reports apart, by their area in square pixels; both ends belong to a range.
package enum AreaRange: Int, CaseIterable, Hashable, Sendable {
    /// Every object.
    case all
    /// Up to 32².
    case small
    /// From 32² to 96².
    case medium
    /// From 96².
    case large

    /// The areas of the range.
    package var areas: ClosedRange<Double> {
        switch self {
        case .all: 0...1e10
        case .small: 0...1024
        case .medium: 1024...9216
        case .large: 9216...1e10
        }
    }
}

/// The numbers of the COCO detection protocol.
package enum COCOProtocol {
    /// The overlaps from which a detection counts as right: 0.5, 0.55, … 0.95.
    package static let overlaps: [Double] = spaced(from: 0.5, to: 0.95, count: 10)
    /// The recalls at which precision is read: 0, 0.01, … 1.
    package static let recalls: [Double] = spaced(from: 0, to: 1, count: 101)
    /// The most detections of an image and class that count, by score.
    package static let maximumDetections = 100

    /// Evenly spaced numbers with the rounding of numpy's `linspace`: a recall that meets a threshold exactly must do so
    /// here as there.
    private static func spaced(from first: Double, to last: Double, count: Int) -> [Double] {
        let step = (last - first) / Double(count - 1)
        return (0..<count).map { $0 == count - 1 ? last : Double($0) * step + first }
    }
}
