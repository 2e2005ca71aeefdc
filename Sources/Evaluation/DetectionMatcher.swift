/// Gives the detections of one image and class to its objects, as the COCO protocol does.
///
/// The detection with the highest score chooses first, among detections of equal score the first in the list. It takes
/// the object that it overlaps most, if by at least the threshold (of two that it overlaps equally the later one). An
/// object is taken once; a crowd any number of times. Objects that are ignored are taken only where no other is left,
/// and what takes them is neither right nor wrong.
struct DetectionMatcher {
    /// The objects of the class in the order of the ground truth.
    let objects: [AnnotatedObject]
    /// The detections of the class by falling score, at most `limit`.
    let boxes: [ScoredBox]
    /// For each of `boxes` its place among the detections that were given.
    let places: [Int]
    /// The overlap of each detection (row) with each object.
    private var overlaps: [Double]
    /// The highest overlap of each detection.
    private var highest: [Double]
    private var taken: [Bool]

    /// Ranks the detections, keeps the best `limit`, and measures all overlaps.
    init(objects: [AnnotatedObject], boxes: [ScoredBox], limit: Int = COCOProtocol.maximumDetections) {
        let order = boxes.indices.sorted { (boxes[$0].score, $1) > (boxes[$1].score, $0) }
        self.objects = objects
        places = Array(order.prefix(limit))
        self.boxes = places.map { boxes[$0] }
        overlaps = []
        overlaps.reserveCapacity(self.boxes.count * objects.count)
        highest = []
        highest.reserveCapacity(self.boxes.count)
        for box in self.boxes {
            var most = 0.0
            for object in objects {
                let overlap = box.box.overlap(with: object.box, isCrowd: object.isCrowd)
                overlaps.append(overlap)
                most = max(most, overlap)
            }
            highest.append(most)
        }
        taken = Array(repeating: false, count: objects.count)
    }

    /// Whether each object is ignored for a range of areas: because of its size, or as a crowd.
    func ignored(for area: AreaRange) -> [Bool] {
        objects.map { $0.isCrowd || !area.areas.contains($0.area) }
    }

    /// Writes to `matches` for each of `boxes` the object that it takes, or −1.
    mutating func match(threshold: Double, ignored: [Bool], into matches: inout [Int]) {
        matches.removeAll(keepingCapacity: true)
        for index in taken.indices { taken[index] = false }
        // A detection that is the object itself overlaps it by 1 less rounding.
        let threshold = min(threshold, 1 - 1e-10)
        for (row, most) in highest.enumerated() {
            guard most >= threshold, !objects.isEmpty else {
                matches.append(-1)
                continue
            }
            let row = overlaps[row * objects.count..<(row + 1) * objects.count]
            let best =
                choice(row, from: threshold, ignored: ignored, wanted: false)
                ?? choice(row, from: threshold, ignored: ignored, wanted: true)
            if let best { taken[best] = true }
            matches.append(best ?? -1)
        }
    }

    /// The free object with the highest overlap among those that are, or are not, ignored.
    private func choice(_ row: ArraySlice<Double>, from threshold: Double, ignored: [Bool], wanted: Bool) -> Int? {
        var (least, best) = (threshold, nil as Int?)
        for (index, overlap) in row.enumerated() where overlap >= least && ignored[index] == wanted {
            if taken[index] && !objects[index].isCrowd { continue }
            (least, best) = (overlap, index)
        }
        return best
    }
}
