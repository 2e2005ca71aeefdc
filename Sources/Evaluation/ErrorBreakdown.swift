/// What goes wrong, by kind, and what each kind costs (Bolya, Foley, Hays, Hoffman, "TIDE: A general toolbox for
/// identifying object detection errors", 2020).
///
/// A detection that is wrong at an overlap of 0.5 is put into one kind, the first that fits of: location, class,
/// duplicate, background, both. An object that nothing found is missed, unless a class or location error lies on it. The
/// cost is the rise of AP50 if an oracle put that kind alone right; where the object of a class or location error is
/// found or given already, the error goes. As in the protocol, at most a hundred detections of an image and class count,
/// and those in a crowd do not.
package struct ErrorBreakdown: Hashable, Sendable, Codable {
    /// A kind of error.
    package enum Kind: String, CaseIterable, Hashable, Sendable, Codable, CodingKeyRepresentable {
        /// Overlaps an object of another class by at least 0.5. Put right: it gets the object's class.
        case classification = "class"
        /// Overlaps an object of its class by 0.1 to 0.5. Put right: it gets the object's box.
        case location
        /// Overlaps an object of another class by 0.1 to 0.5. Put right: it goes.
        case both
        /// Overlaps an object of its class by at least 0.5 that a higher score has taken. Put right: it goes.
        case duplicate
        /// Overlaps no object by more than 0.1. Put right: it goes.
        case background
        /// An object that nothing found. Put right: it is not asked for.
        case missed
    }

    /// The errors of a kind.
    package struct Entry: Hashable, Sendable, Codable {
        /// How many there are.
        package var count = 0
        /// Their share of all errors.
        package var share = 0.0
        /// The rise of AP50 without them; `nil` without objects.
        package var cost: Double?
    }

    /// The overlap from which a detection is right.
    package static let foreground = 0.5
    /// The overlap up to which a detection is of nothing.
    package static let background = 0.1

    /// The errors by kind.
    package private(set) var entries: [Kind: Entry] = [:]
    /// Right detections.
    package private(set) var right = 0
    /// The lowest score that was looked at; `nil` when all were.
    package let minimumScore: Double?
    /// AP50 of the detections from that score.
    package private(set) var ap50: Double?

    /// Sorts the errors of a run.
    ///
    /// - Parameters:
    ///   - objects: The objects of each image.
    ///   - detections: The detections of each image; as many images.
    ///   - classCount: The number of classes; objects and detections of others are left out.
    ///   - minimumScore: Detections below it are left out. Of a run for evaluation nearly all are background at scores
    ///     near 0; the errors that a user sees are those above the threshold in use.
    package init(
        objects: [[AnnotatedObject]], detections: [[ScoredBox]], classCount: Int,
        minimumScore: Double? = nil
    ) {
        precondition(objects.count == detections.count, "one list of detections for each image")
        self.minimumScore = minimumScore
        var sorter = ErrorSorter(classCount: classCount)
        for image in objects.indices {
            let boxes = detections[image].filter {
                $0.score.isFinite && $0.box.isFinite && $0.score >= minimumScore ?? -.infinity
            }
            sorter.add(objects: objects[image], boxes: boxes)
        }
        right = sorter.findings.count { $0.kind == nil }
        let total = sorter.findings.count - right + sorter.missed.reduce(0, +)
        ap50 = sorter.averagePrecision(without: nil)
        for kind in Kind.allCases {
            let count =
                kind == .missed ? sorter.missed.reduce(0, +) : sorter.findings.count { $0.kind == kind }
            let repaired = sorter.averagePrecision(without: kind)
            entries[kind] = Entry(
                count: count, share: total > 0 ? Double(count) / Double(total) : 0,
                cost: repaired.flatMap { repaired in ap50.map { repaired - $0 } })
        }
    }

    /// The errors of a kind.
    package subscript(kind: Kind) -> Entry { entries[kind] ?? Entry() }
}
