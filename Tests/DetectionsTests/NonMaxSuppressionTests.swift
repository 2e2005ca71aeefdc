import Detections
import Testing

/// What `NonMaxSuppression` must equal: every rule in its plainest form, O(n²), on a copy.
private func oracle(_ candidates: [Detection], _ rules: NonMaxSuppression) -> [Detection] {
    var order = candidates.enumerated().filter {
        $0.element.score.isFinite && $0.element.score >= rules.confidence && $0.element.box.isFinite
            && $0.element.box.width > 0 && $0.element.box.height > 0
    }
    order.sort {
        ($1.element.score, $0.element.classIndex, $0.offset) < ($0.element.score, $1.element.classIndex, $1.offset)
    }
    order = Array(order.prefix(rules.candidateLimit))
    var isGone = [Bool](repeating: false, count: order.count)
    for i in order.indices where !isGone[i] {
        for j in order.indices where j > i {
            let sameClass = order[i].element.classIndex == order[j].element.classIndex
            if sameClass || rules.isClassAgnostic, order[i].element.box.iou(order[j].element.box) > rules.iou {
                isGone[j] = true
            }
        }
    }
    return order.indices.filter { !isGone[$0] }.prefix(rules.maximumDetections).map { order[$0].element }
}

private func randomCandidates(_ count: Int, _ random: inout SplitMix) -> [Detection] {
    (0..<count).map { _ in
        Detection(
            box: BoundingBox(
                centerX: .random(in: 0...200, using: &random), centerY: .random(in: 0...200, using: &random),
                width: .random(in: 1...90, using: &random), height: .random(in: 1...90, using: &random)),
            classIndex: .random(in: 0..<4, using: &random),
            // Few different scores: many ties.
            score: Float(Int.random(in: 0...20, using: &random)) / 20)
    }
}

@Suite struct NonMaxSuppressionTests {
    @Test(arguments: 0..<20) func equalsTheOracleOnRandomBoxes(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var suppression = NonMaxSuppression()
        for count in [0, 1, 2, 17, 200, 600] {
            suppression.isClassAgnostic = Bool.random(using: &random)
            suppression.iou = [0, 0.3, 0.45, 0.7, 1].randomElement(using: &random) ?? 0.7
            suppression.maximumDetections = [0, 1, 20, 300].randomElement(using: &random) ?? 300
            suppression.candidateLimit = [1, 100, 30_000].randomElement(using: &random) ?? 30_000
            let candidates = randomCandidates(count, &random)
            var result = candidates
            suppression.apply(to: &result)
            #expect(result == oracle(candidates, suppression), "seed \(seed), \(count) candidates")
        }
    }

    @Test(arguments: [Float(0.5), 1, 3, 9, 10, 11, 40]) func equalsTheOracleOnGrids(step: Float) {
        // Neighbours of a grid overlap by exactly the same amount, all scores are equal, and the threshold is met
        // exactly at some steps: order and strictness decide everything.
        var candidates: [Detection] = []
        for row in 0..<20 {
            for column in 0..<20 {
                let box = BoundingBox(x: Float(column) * step, y: Float(row) * step, width: 10, height: 10)
                candidates.append(Detection(box: box, classIndex: (row + column) % 2, score: 0.5))
            }
        }
        for agnostic in [false, true] {
            var suppression = NonMaxSuppression(iou: 0.25, isClassAgnostic: agnostic)
            var result = candidates
            suppression.apply(to: &result)
            #expect(result == oracle(candidates, suppression))
        }
    }

    @Test func anOverlapOfExactlyTheThresholdStays() {
        // 10×10 boxes shifted by 6: 40 / 160 = 0.25 exactly.
        let boxes = [0, 6].map { BoundingBox(x: $0, y: 0, width: 10, height: 10) }
        var result = boxes.map { Detection(box: $0, classIndex: 0, score: 0.9) }
        var suppression = NonMaxSuppression(iou: 0.25)
        suppression.apply(to: &result)
        #expect(result.count == 2)
        suppression.iou = 0.2499
        suppression.apply(to: &result)
        #expect(result.count == 1)
    }

    @Test func whatIsNotANumberNeverEnters() {
        let box = BoundingBox(x: 0, y: 0, width: 10, height: 10)
        var result = [
            Detection(box: box, classIndex: 0, score: .nan), Detection(box: box, classIndex: 0, score: .infinity),
            Detection(box: BoundingBox(x1: .nan, y1: 0, x2: 1, y2: 1), classIndex: 0, score: 0.9),
            Detection(box: BoundingBox(x1: 0, y1: -.infinity, x2: 1, y2: 1), classIndex: 0, score: 0.9),
            Detection(box: BoundingBox(x: 5, y: 5, width: 0, height: 3), classIndex: 0, score: 0.9),
            Detection(box: BoundingBox(x: 5, y: 5, width: -4, height: 3), classIndex: 0, score: 0.9),
            Detection(box: box, classIndex: 0, score: -1), Detection(box: box, classIndex: 0, score: 0.3),
            Detection(
                box: BoundingBox(x1: -3e38, y1: -3e38, x2: 3e38, y2: 3e38), classIndex: 0, score: 0.4),
        ]
        var suppression = NonMaxSuppression()
        suppression.apply(to: &result)
        #expect(result.map(\.score).contains(0.3) && result.allSatisfy(\.box.isFinite) && result.count <= 2)
    }

    @Test func aHundredThousandDisjointCandidatesAreBounded() {
        var random = SplitMix(seed: 7)
        let candidates = (0..<100_000).map { index in
            Detection(
                box: BoundingBox(x: Float(index % 400) * 2, y: Float(index / 400) * 2, width: 2.1, height: 2.1),
                classIndex: index % 80, score: .random(in: 0.3...1, using: &random))
        }
        var suppression = NonMaxSuppression(iou: 0.001)
        var result = candidates
        let time = ContinuousClock().measure { suppression.apply(to: &result) }
        #expect(result.count == 300)
        #expect(time < .seconds(2), "took \(time)")
        #expect(zip(result, result.dropFirst()).allSatisfy { $0.score >= $1.score })
    }
}

/// A small seeded generator (SplitMix64), so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
