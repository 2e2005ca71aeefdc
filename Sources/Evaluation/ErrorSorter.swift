/// Sorts wrong detections into kinds, and tells what AP50 would be without one kind.
struct ErrorSorter {
    /// A detection that counts.
    struct Finding {
        var score: Double
        var classIndex: Int
        /// What is wrong with it; `nil` when it is right.
        var kind: ErrorBreakdown.Kind?
        /// The object that it took, or that an oracle would give it; counted over all images.
        var object: Int?
        var objectClass: Int?
    }

    private(set) var findings: [Finding] = []
    /// The objects that count, by class.
    private(set) var objectCounts: [Int]
    /// The missed ones among them.
    private(set) var missed: [Int]
    /// Whether each object was found, over all images.
    private var isFound: [Bool] = []
    private let classCount: Int

    init(classCount: Int) {
        self.classCount = classCount
        objectCounts = Array(repeating: 0, count: classCount)
        missed = Array(repeating: 0, count: classCount)
    }

    /// Adds an image.
    mutating func add(objects: [AnnotatedObject], boxes: [ScoredBox]) {
        let known = 0..<classCount
        let first = isFound.count
        isFound.append(contentsOf: repeatElement(false, count: objects.count))
        let found = Dictionary(grouping: boxes.filter { known.contains($0.classIndex) }, by: \.classIndex)
        let wanted = Dictionary(grouping: objects.indices) { objects[$0].classIndex }
        var wrong: [(box: ScoredBox, place: Int)] = []
        var matches: [Int] = []
        for classIndex in found.keys.sorted() {
            let places = wanted[classIndex] ?? []
            var matcher = DetectionMatcher(objects: places.map { objects[$0] }, boxes: found[classIndex] ?? [])
            let ignored = matcher.ignored(for: .all)
            matcher.match(threshold: ErrorBreakdown.foreground, ignored: ignored, into: &matches)
            for (box, match) in zip(matcher.boxes, matches) {
                if match < 0 {
                    guard AreaRange.all.areas.contains(box.box.area) else { continue }
                    wrong.append((box, findings.count))
                    findings.append(Finding(score: box.score, classIndex: classIndex, kind: .background))
                } else if !ignored[match] {
                    isFound[first + places[match]] = true
                    findings.append(
                        Finding(
                            score: box.score, classIndex: classIndex, object: first + places[match],
                            objectClass: classIndex))
                }
            }
        }
        let counted = objects.indices.filter {
            known.contains(objects[$0].classIndex) && !objects[$0].isCrowd
                && AreaRange.all.areas.contains(objects[$0].area)
        }
        var covered: Set<Int> = []
        for (box, place) in wrong {
            let (kind, object) = judge(box, objects: objects, among: counted)
            if kind == .classification || kind == .location, let object { covered.insert(object) }
            findings[place].kind = kind
            findings[place].object = object.map { first + $0 }
            findings[place].objectClass = object.map { objects[$0].classIndex }
        }
        for object in counted {
            let classIndex = objects[object].classIndex
            objectCounts[classIndex] += 1
            if !isFound[first + object], !covered.contains(object) { missed[classIndex] += 1 }
        }
    }

    /// The kind of a wrong detection, and the object that it is about.
    private func judge(
        _ box: ScoredBox, objects: [AnnotatedObject], among counted: [Int]
    ) -> (ErrorBreakdown.Kind, Int?) {
        var (same, other) = ((overlap: 0.0, object: nil as Int?), (overlap: 0.0, object: nil as Int?))
        for index in counted {
            let overlap = box.box.overlap(with: objects[index].box)
            if objects[index].classIndex == box.classIndex {
                if overlap > same.overlap { same = (overlap, index) }
            } else if overlap > other.overlap {
                other = (overlap, index)
            }
        }
        let (foreground, background) = (ErrorBreakdown.foreground, ErrorBreakdown.background)
        if same.overlap >= background && same.overlap < foreground { return (.location, same.object) }
        if other.overlap >= foreground { return (.classification, other.object) }
        if same.overlap >= foreground { return (.duplicate, same.object) }
        return max(same.overlap, other.overlap) <= background ? (.background, nil) : (.both, other.object)
    }

    /// AP50 if a kind of error were put right; `nil` without objects.
    func averagePrecision(without kind: ErrorBreakdown.Kind?) -> Double? {
        var classes = Array(repeating: [(score: Double, isRight: Bool)](), count: classCount)
        var counts = objectCounts
        if kind == .missed { for index in counts.indices { counts[index] -= missed[index] } }
        // An object that was found stays with who found it. Another is given once, to the highest score.
        var given: Set<Int> = []
        let order = findings.indices.sorted { (findings[$0].score, $1) > (findings[$1].score, $0) }
        let isGiven = kind == .classification || kind == .location
        for finding in order.lazy.map({ findings[$0] }) {
            if finding.kind == nil || (isGiven && finding.kind == kind) {
                guard let object = finding.object, let classIndex = finding.objectClass else { continue }
                if finding.kind != nil && (isFound[object] || !given.insert(object).inserted) { continue }
                classes[classIndex].append((finding.score, true))
            } else if finding.kind != kind {
                classes[finding.classIndex].append((finding.score, false))
            }
        }
        var accumulator = PrecisionAccumulator(thresholdCount: 1)
        let precisions = classes.indices.filter { objectCounts[$0] > 0 }.map { index -> Double in
            let matches = ClassMatches(classes[index], objectCount: counts[index])
            let hasObjects = accumulator.run(matches, area: .all, limit: .max, weights: [1])
            // A class of which every object was missed has nothing left to find. It stays in the mean.
            return hasObjects ? accumulator.averagePrecision(0) : 0
        }
        return precisions.isEmpty ? nil : precisions.reduce(0, +) / Double(precisions.count)
    }
}
