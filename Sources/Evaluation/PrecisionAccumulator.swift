/// Precision over recall of one class at all overlap thresholds, with a weight for each image.
///
/// Weights of 1 give the figures of COCO; a bootstrap draws others (an image that is drawn twice weighs 2). The buffers
/// are kept from call to call.
struct PrecisionAccumulator {
    /// The number of overlap thresholds.
    let thresholdCount: Int
    /// The interpolated precision at each threshold (row) and each of `COCOProtocol.recalls`.
    private(set) var precision: [Double]
    /// The highest recall at each threshold.
    private(set) var recall: [Double]

    /// The precision at each right detection, and how many are right up to there, by threshold.
    private var points: [[(precision: Double, right: Int)]]
    private var right: [Int]
    private var wrong: [Int]

    init(thresholdCount: Int) {
        self.thresholdCount = thresholdCount
        precision = Array(repeating: 0, count: thresholdCount * COCOProtocol.recalls.count)
        recall = Array(repeating: 0, count: thresholdCount)
        points = Array(repeating: [], count: thresholdCount)
        right = Array(repeating: 0, count: thresholdCount)
        wrong = Array(repeating: 0, count: thresholdCount)
    }

    /// Fills `precision` and `recall`; false, and nothing else, when there is no object.
    mutating func run(_ matches: ClassMatches, area: AreaRange, limit: Int, weights: [Int]) -> Bool {
        let outcome = matches[area]
        let objects = outcome.objects.reduce(0) { $0 + weights[$1.image] * $1.count }
        guard objects > 0 else { return false }
        collect(matches, outcome, limit: limit, weights: weights)
        for threshold in 0..<thresholdCount {
            recall[threshold] = Double(right[threshold]) / Double(objects)
            interpolate(threshold, objects: objects)
        }
        return true
    }

    /// The mean of a threshold's row of `precision`.
    func averagePrecision(_ threshold: Int) -> Double {
        let count = COCOProtocol.recalls.count
        return precision[threshold * count..<(threshold + 1) * count].reduce(0, +) / Double(count)
    }

    /// Walks the detections by falling score. Precision rises only at right ones, so only these become points.
    private mutating func collect(
        _ matches: ClassMatches, _ outcome: ClassMatches.Outcome, limit: Int, weights: [Int]
    ) {
        for threshold in 0..<thresholdCount {
            points[threshold].removeAll(keepingCapacity: true)
            (right[threshold], wrong[threshold]) = (0, 0)
        }
        // Most detections are wrong at every threshold; they are counted once.
        var wrongAtAll = 0
        for index in matches.images.indices {
            let weight = weights[matches.images[index]]
            guard weight > 0, matches.ranks[index] < limit else { continue }
            let (hits, ignored) = (outcome.right[index], outcome.ignored[index])
            guard hits | ignored != 0 else {
                wrongAtAll += weight
                continue
            }
            for threshold in 0..<thresholdCount {
                let mask = UInt32(1) << UInt32(threshold)
                if hits & mask != 0 {
                    right[threshold] += weight
                    let all = Double(right[threshold] + wrong[threshold] + wrongAtAll) + Double.ulpOfOne
                    points[threshold].append((Double(right[threshold]) / all, right[threshold]))
                } else if ignored & mask == 0 {
                    wrong[threshold] += weight
                }
            }
        }
    }

    /// The highest precision at this or a higher recall, read at the recalls of the protocol; 0 beyond the last one.
    private mutating func interpolate(_ threshold: Int, objects: Int) {
        let count = points[threshold].count
        for index in stride(from: count - 2, through: 0, by: -1) {
            let later = points[threshold][index + 1].precision
            if later > points[threshold][index].precision { points[threshold][index].precision = later }
        }
        let recalls = COCOProtocol.recalls
        var point = 0
        for (index, wanted) in recalls.enumerated() {
            while point < count, Double(points[threshold][point].right) / Double(objects) < wanted { point += 1 }
            precision[threshold * recalls.count + index] = point < count ? points[threshold][point].precision : 0
        }
    }
}
