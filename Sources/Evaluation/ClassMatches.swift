/// The detections of one class over all images, by falling score, and what became of each.
///
/// Whether a detection is right is a bit for each overlap threshold; it is wrong where it is neither right nor ignored.
struct ClassMatches: Sendable {
    /// What became of the detections, for one range of areas.
    struct Outcome: Sendable {
        /// The thresholds at which a detection is right.
        var right: [UInt32] = []
        /// The thresholds at which it does not count: it took an ignored object, or none and has not the size.
        var ignored: [UInt32] = []
        /// The images with objects that count, and how many there are.
        var objects: [(image: Int, count: Int)] = []
        /// The objects that count.
        var objectCount: Int { objects.reduce(0) { $0 + $1.count } }
    }

    /// The scores, falling.
    private(set) var scores: [Double] = []
    /// The image of each detection.
    private(set) var images: [Int] = []
    /// The place of each detection among those of its image and class.
    private(set) var ranks: [Int] = []
    /// What became of the detections, by the raw value of the range of areas.
    private(set) var outcomes = Array(repeating: Outcome(), count: AreaRange.allCases.count)

    /// No detections yet.
    init() {}

    /// Detections by falling score that are right or wrong, at one threshold and as if of one image.
    init(_ detections: [(score: Double, isRight: Bool)], objectCount: Int) {
        scores = detections.map(\.score)
        images = detections.map { _ in 0 }
        ranks = images
        outcomes[AreaRange.all.rawValue] = Outcome(
            right: detections.map { $0.isRight ? 1 : 0 }, ignored: detections.map { _ in 0 },
            objects: [(0, objectCount)])
    }

    subscript(area: AreaRange) -> Outcome { outcomes[area.rawValue] }

    /// Adds the next image.
    mutating func append(image: Int, matcher: inout DetectionMatcher, thresholds: [Double]) {
        for (rank, box) in matcher.boxes.enumerated() {
            scores.append(box.score)
            images.append(image)
            ranks.append(rank)
        }
        let first = scores.count - matcher.boxes.count
        var matches: [Int] = []
        for area in AreaRange.allCases {
            let ignored = matcher.ignored(for: area)
            let counted = ignored.count { !$0 }
            var outcome = Outcome()
            swap(&outcome, &outcomes[area.rawValue])
            if counted > 0 { outcome.objects.append((image, counted)) }
            outcome.right.append(contentsOf: repeatElement(0, count: matcher.boxes.count))
            outcome.ignored.append(contentsOf: repeatElement(0, count: matcher.boxes.count))
            for (bit, threshold) in thresholds.enumerated() {
                let mask = UInt32(1) << UInt32(bit)
                matcher.match(threshold: threshold, ignored: ignored, into: &matches)
                for (place, match) in matches.enumerated() {
                    if match < 0 {
                        guard !area.areas.contains(matcher.boxes[place].box.area) else { continue }
                        outcome.ignored[first + place] |= mask
                    } else if ignored[match] {
                        outcome.ignored[first + place] |= mask
                    } else {
                        outcome.right[first + place] |= mask
                    }
                }
            }
            swap(&outcome, &outcomes[area.rawValue])
        }
    }

    /// Puts the detections in order once all images are there; equal scores stay in the order of images and ranks.
    mutating func sort() {
        let unsorted = scores
        let order = unsorted.indices.sorted { (unsorted[$0], $1) > (unsorted[$1], $0) }
        scores = order.map { scores[$0] }
        images = order.map { images[$0] }
        ranks = order.map { ranks[$0] }
        for area in outcomes.indices {
            outcomes[area].right = order.map { outcomes[area].right[$0] }
            outcomes[area].ignored = order.map { outcomes[area].ignored[$0] }
        }
    }
}
