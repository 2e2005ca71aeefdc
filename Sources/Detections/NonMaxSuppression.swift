/// Greedy non-maximum suppression: of boxes that overlap, the one with the highest score stays.
///
///     var suppression = NonMaxSuppression(confidence: 0.25, iou: 0.7)
///     suppression.apply(to: &candidates)      // what is left: by falling score, at most 300
///
/// Candidates without a finite score, without a finite box or with an empty box are dropped before anything is sorted,
/// and so are those below `confidence`. The rest is ordered by (score descending, class, index), cut to
/// `candidateLimit`, and taken one after the other unless a taken box of the same class (of any class when
/// `isClassAgnostic`) overlaps it by more than `iou`. It stops at `maximumDetections`, so the work is bounded by
/// O(n log n + candidateLimit · maximumDetections); the clock has no say, and the same candidates always give the same
/// result. The buffers are kept between calls: in the steady state `apply` allocates nothing.
public struct NonMaxSuppression: Sendable {
    /// The lowest score that stays.
    public var confidence: Float
    /// Boxes that overlap by more than this (intersection over union) are the same object.
    public var iou: Float
    /// The most boxes that stay.
    public var maximumDetections: Int
    /// The most candidates that are looked at, by score.
    public var candidateLimit: Int
    /// Whether boxes of different classes suppress each other.
    public var isClassAgnostic: Bool

    private var order: [Rank] = []
    private var kept: [Detection] = []

    /// A suppression with Ultralytics' usual numbers.
    public init(
        confidence: Float = 0.25, iou: Float = 0.7, maximumDetections: Int = 300, candidateLimit: Int = 30_000,
        isClassAgnostic: Bool = false
    ) {
        self.confidence = confidence
        self.iou = iou
        self.maximumDetections = maximumDetections
        self.candidateLimit = candidateLimit
        self.isClassAgnostic = isClassAgnostic
    }

    /// Replaces the candidates by those that stay, by falling score.
    public mutating func apply(to candidates: inout [Detection]) {
        rank(candidates)
        kept.removeAll(keepingCapacity: true)
        for rank in order.prefix(max(candidateLimit, 0)) {
            guard kept.count < maximumDetections else { break }
            let candidate = candidates[Int(rank.index)]
            if !isSuppressed(candidate) { kept.append(candidate) }
        }
        candidates.removeAll(keepingCapacity: true)
        candidates.append(contentsOf: kept)
    }

    private mutating func rank(_ candidates: [Detection]) {
        order.removeAll(keepingCapacity: true)
        for index in candidates.indices {
            let candidate = candidates[index]
            guard candidate.score.isFinite, candidate.score >= confidence, candidate.box.isFinite,
                candidate.box.width > 0, candidate.box.height > 0
            else { continue }
            order.append(Rank(score: candidate.score, classIndex: candidate.classIndex, index: index))
        }
        order.withUnsafeMutableBufferPointer { order in order.heapSort { $0.precedes($1) } }
    }

    private func isSuppressed(_ candidate: Detection) -> Bool {
        let box = candidate.box
        for index in kept.indices where isClassAgnostic || kept[index].classIndex == candidate.classIndex {
            let other = kept[index].box
            let width = min(box.x2, other.x2) - max(box.x1, other.x1)
            guard width > 0 else { continue }
            let height = min(box.y2, other.y2) - max(box.y1, other.y1)
            guard height > 0 else { continue }
            let overlap = width * height
            if overlap > iou * (box.area + other.area - overlap) { return true }
        }
        return false
    }
}

/// A candidate's place in the order: score descending, then class, then index.
private struct Rank: Sendable {
    let score: Float
    let classIndex: Int
    let index: Int

    func precedes(_ other: Rank) -> Bool {
        if score != other.score { return score > other.score }
        if classIndex != other.classIndex { return classIndex < other.classIndex }
        return index < other.index
    }
}
