import Foundation
package import Tracking

/// A parameter of the tracker as files and searches name it: one line of `all` for each number of
/// `TrackerConfiguration` and of what it holds.
package struct TrackerParameter: Sendable {
    /// Where a search looks.
    package struct Search: Hashable, Sendable {
        /// How the range is divided: by equal differences, or by equal ratios.
        package enum Scale: Hashable, Sendable { case linear, logarithmic }

        package let range: ClosedRange<Double>
        package let scale: Scale
    }

    /// Where the number stands.
    enum Place: Sendable {
        case float(any WritableKeyPath<TrackerConfiguration, Float> & Sendable)
        case double(any WritableKeyPath<TrackerConfiguration, Double> & Sendable)
        case int(any WritableKeyPath<TrackerConfiguration, Int> & Sendable)
    }

    /// Its key in a file.
    package let name: String
    /// What it means, with its unit.
    package let meaning: String
    /// What a file may say.
    package let valid: ClosedRange<Double>
    /// Where a search looks; `nil` where it does not.
    package let search: Search?
    let place: Place

    private init(
        _ name: String, _ place: Place, _ meaning: String, valid: ClosedRange<Double>, search: Search? = nil
    ) {
        (self.name, self.place, self.meaning, self.valid, self.search) = (name, place, meaning, valid, search)
    }

    /// Whether the number is a whole one.
    package var isWhole: Bool { if case .int = place { true } else { false } }

    /// The number as text: the shortest that reads back as the same number.
    package func text(in configuration: TrackerConfiguration) -> String {
        switch place {
        case .float(let path): "\(configuration[keyPath: path])"
        case .double(let path): "\(configuration[keyPath: path])"
        case .int(let path): "\(configuration[keyPath: path])"
        }
    }

    /// The number.
    package func value(in configuration: TrackerConfiguration) -> Double {
        switch place {
        case .float(let path): Double(configuration[keyPath: path])
        case .double(let path): configuration[keyPath: path]
        case .int(let path): Double(configuration[keyPath: path])
        }
    }

    /// Sets the number to what a text says; `false`, and nothing is set, when it says no number, no whole one where it
    /// must be whole, or one out of `valid`.
    package func set(_ text: String, in configuration: inout TrackerConfiguration) -> Bool {
        guard let value = Double(text), valid.contains(value) else { return false }
        switch place {
        case .float(let path):
            guard let value = Float(text) else { return false }
            configuration[keyPath: path] = value
        case .double(let path): configuration[keyPath: path] = value
        case .int(let path):
            guard let value = Int(text) else { return false }
            configuration[keyPath: path] = value
        }
        return true
    }
}

extension TrackerParameter {
    /// Sets the number to a value with four significant digits, so that a file holds what was tried.
    func set(_ value: Double, in configuration: inout TrackerConfiguration) {
        let text = isWhole ? String(Int(value.rounded())) : String(format: "%.4g", value)
        _ = set(text, in: &configuration)
    }

    private static func linear(_ range: ClosedRange<Double>) -> Search { Search(range: range, scale: .linear) }
    private static func log(_ range: ClosedRange<Double>) -> Search { Search(range: range, scale: .logarithmic) }

    /// All parameters, in the order of a file.
    package static let all: [TrackerParameter] =
        [
            TrackerParameter(
                "track_high", .float(\.trackHigh), "least score that starts a track, and of a track in the mean",
                valid: 0...1, search: linear(0.05...0.9)),
            TrackerParameter(
                "track_low", .float(\.trackLow), "least score that continues a track", valid: 0...1,
                search: linear(0.02...0.6)),
            TrackerParameter(
                "confirmation_time", .double(\.confirmationTime), "seconds for which a new track is seen first",
                valid: 0...60, search: log(0.02...1)),
            TrackerParameter(
                "confirmation_count", .int(\.confirmationCount), "and how often", valid: 1...100, search: linear(1...4)),
            TrackerParameter(
                "tentative_time_lost", .double(\.tentativeTimeLost), "seconds that a new track may be missed",
                valid: 0...60, search: log(0.01...0.5)),
            TrackerParameter(
                "maximum_time_lost", .double(\.maximumTimeLost), "seconds that a confirmed track may be missed",
                valid: 0...3600, search: log(0.3...5)),
            TrackerParameter(
                "high_limit", .float(\.highLimit), "greatest cost for a detection of a high score", valid: 0...2,
                search: linear(0.4...0.98)),
            TrackerParameter(
                "low_limit", .float(\.lowLimit), "greatest cost for one of a low score", valid: 0...2,
                search: linear(0.2...0.9)),
            TrackerParameter(
                "duplicate_iou", .float(\.duplicateIoU), "overlap (IoU) with a tracked box from which no track starts",
                valid: 0...1, search: linear(0.3...0.95)),
            TrackerParameter(
                "duplicate_iou_across_classes", .float(\.duplicateIoUAcrossClasses), "the same between two classes",
                valid: 0...1),
            TrackerParameter(
                "gate", .double(\.metrics.gate), "greatest squared Mahalanobis distance", valid: 1e-3...1e6,
                search: log(5...60)),
            TrackerParameter(
                "motion_weight", .float(\.metrics.motionWeight), "part of the motion in the cost", valid: 0...1,
                search: linear(0...0.8)),
            TrackerParameter(
                "margin", .float(\.metrics.margin), "margin around boxes, in widths and heights", valid: 0...10,
                search: linear(0...0.5)),
            TrackerParameter(
                "margin_per_second", .float(\.metrics.marginPerSecond), "its growth in a second, in widths and heights",
                valid: 0...100, search: linear(0...1.5)),
            TrackerParameter(
                "maximum_margin", .float(\.metrics.maximumMargin), "the greatest margin, in widths and heights",
                valid: 0...100, search: linear(0.2...2)),
            TrackerParameter(
                "turn_cost", .float(\.metrics.turnCost), "cost of a detection straight behind the track", valid: 0...10,
                search: linear(0...0.4)),
            TrackerParameter(
                "turn_time", .double(\.metrics.turnTime), "seconds between detections at which a turn costs half",
                valid: 1e-3...1e6, search: log(0.05...3)),
            TrackerParameter(
                "class_change_cost", .float(\.metrics.classChangeCost), "cost of another class; 1 keeps classes apart",
                valid: 0...10),
        ] + center + height + aspect

    private static let center = noises(
        "center", "heights",
        [
            .double(\.filter.center.measurement), .double(\.filter.center.initialVelocity),
            .double(\.filter.center.acceleration), .double(\.filter.center.walk),
        ], [0.01...0.2, 0.1...4, 0.05...3, 0.01...0.4])

    private static let height = noises(
        "height", "heights",
        [
            .double(\.filter.height.measurement), .double(\.filter.height.initialVelocity),
            .double(\.filter.height.acceleration), .double(\.filter.height.walk),
        ], [0.01...0.3, 0.02...1, 0.01...0.5, 0.01...0.4])

    private static let aspect = noises(
        "aspect", "widths ÷ heights",
        [
            .double(\.filter.aspect.measurement), .double(\.filter.aspect.initialVelocity),
            .double(\.filter.aspect.acceleration), .double(\.filter.aspect.walk),
        ], [0.02...0.4, nil, nil, 0.005...0.3])

    /// The four noises of a coordinate; places and ranges in the order of measurement, initial velocity, acceleration
    /// and walk.
    private static func noises(
        _ name: String, _ unit: String, _ places: [Place], _ ranges: [ClosedRange<Double>?]
    ) -> [TrackerParameter] {
        let word = name == "center" ? "centre" : name
        let parts: [(String, String, ClosedRange<Double>)] = [
            ("measurement", "deviation of a measured \(word), in \(unit)", 1e-6...100),
            ("initial_velocity", "of its velocity at first, in \(unit) a second", 0...100),
            ("acceleration", "of its velocity after a second, in \(unit) a second", 0...100),
            ("walk", "of the \(word) after a second, on top of that, in \(unit)", 0...100),
        ]
        return zip(parts, zip(places, ranges)).map { part, own in
            TrackerParameter("\(name)_\(part.0)", own.0, part.1, valid: part.2, search: own.1.map(log))
        }
    }
}
