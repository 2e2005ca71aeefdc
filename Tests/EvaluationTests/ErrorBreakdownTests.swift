import Evaluation
import Testing

@Suite struct ErrorBreakdownTests {
    private static let place = COCOBox(x: 100, y: 100, width: 100, height: 100)

    /// A box of the same size, moved to the right so that it overlaps `place` by so much.
    private static func box(overlap: Double) -> COCOBox {
        var box = place
        box.x += 100 * (1 - 2 * overlap / (1 + overlap))
        return box
    }

    private static func breakdown(_ detections: [ScoredBox], objects: [AnnotatedObject]? = nil) -> ErrorBreakdown {
        ErrorBreakdown(
            objects: [objects ?? [AnnotatedObject(box: place, classIndex: 0)]], detections: [detections], classCount: 2)
    }

    private static func counts(_ breakdown: ErrorBreakdown) -> [ErrorBreakdown.Kind: Int] {
        var counts: [ErrorBreakdown.Kind: Int] = [:]
        for kind in ErrorBreakdown.Kind.allCases where breakdown[kind].count > 0 {
            counts[kind] = breakdown[kind].count
        }
        return counts
    }

    @Test func rightIsNoError() {
        let breakdown = Self.breakdown([ScoredBox(box: Self.box(overlap: 0.7), classIndex: 0, score: 0.5)])
        #expect(Self.counts(breakdown) == [:])
        #expect(breakdown.right == 1)
        #expect(abs((breakdown.ap50 ?? 0) - 1) < 1e-9)
    }

    /// One wrong detection alone: its kind, and whether its object is missed besides.
    @Test(
        arguments: [
            (0.7, 1, [.classification: 1]), (0.3, 0, [.location: 1]), (0.3, 1, [.both: 1, .missed: 1]),
            (0.05, 0, [.background: 1, .missed: 1]), (0.05, 1, [.background: 1, .missed: 1]),
        ] as [(Double, Int, [ErrorBreakdown.Kind: Int])])
    func oneOfEachKind(overlap: Double, classIndex: Int, wanted: [ErrorBreakdown.Kind: Int]) {
        let breakdown = Self.breakdown([
            ScoredBox(box: Self.box(overlap: overlap), classIndex: classIndex, score: 0.5)
        ])
        #expect(Self.counts(breakdown) == wanted)
        #expect(breakdown.ap50 == 0)
        let shares = ErrorBreakdown.Kind.allCases.map { breakdown[$0].share }.reduce(0, +)
        #expect(abs(shares - 1) < 1e-12)
        // Putting a class or a box right makes the detection right; removing one alone finds nothing.
        for kind in wanted.keys {
            let isMadeRight = kind == .classification || kind == .location
            #expect(abs((breakdown[kind].cost ?? -1) - (isMadeRight ? 1 : 0)) < 1e-9)
        }
    }

    /// With the missed object not asked for, the one that was found is all.
    @Test func aMissedObjectCostsRecall() {
        let far = AnnotatedObject(box: COCOBox(x: 900, y: 0, width: 50, height: 50), classIndex: 0)
        let breakdown = Self.breakdown(
            [ScoredBox(box: Self.place, classIndex: 0, score: 0.5)],
            objects: [AnnotatedObject(box: Self.place, classIndex: 0), far])
        #expect(Self.counts(breakdown) == [.missed: 1])
        #expect(abs((breakdown[.missed].cost ?? 0) - 50.0 / 101) < 1e-9)
    }

    @Test func aSecondDetectionIsADuplicateAndCostsNothingBehindTheFirst() {
        let first = ScoredBox(box: Self.place, classIndex: 0, score: 0.9)
        let second = ScoredBox(box: Self.box(overlap: 0.8), classIndex: 0, score: 0.6)
        let breakdown = Self.breakdown([second, first])
        #expect(Self.counts(breakdown) == [.duplicate: 1])
        #expect(abs(breakdown[.duplicate].cost ?? 1) < 1e-9)
    }

    @Test func aWrongDetectionBeforeTheRightOneCostsPrecision() {
        let wrong = ScoredBox(box: COCOBox(x: 500, y: 0, width: 50, height: 50), classIndex: 0, score: 0.9)
        let right = ScoredBox(box: Self.place, classIndex: 0, score: 0.6)
        let breakdown = Self.breakdown([wrong, right])
        #expect(Self.counts(breakdown) == [.background: 1])
        #expect(abs((breakdown.ap50 ?? 0) - 0.5) < 1e-9)
        #expect(abs((breakdown[.background].cost ?? 0) - 0.5) < 1e-9)
    }

    /// An object that was found stays with who found it: put right, the location error before it goes.
    @Test func aFoundObjectIsNotGiven() {
        let shifted = ScoredBox(box: Self.box(overlap: 0.4), classIndex: 0, score: 0.9)
        let right = ScoredBox(box: Self.place, classIndex: 0, score: 0.6)
        let breakdown = Self.breakdown([shifted, right])
        #expect(Self.counts(breakdown) == [.location: 1])
        #expect(abs((breakdown[.location].cost ?? 0) - 0.5) < 1e-9)
    }

    /// Two location errors on one of two objects: the first gets it, the second goes, the other object stays missed.
    @Test func anObjectIsGivenOnce() {
        let shifted = [0.9, 0.8].map { ScoredBox(box: Self.box(overlap: 0.4), classIndex: 0, score: $0) }
        let far = AnnotatedObject(box: COCOBox(x: 900, y: 0, width: 50, height: 50), classIndex: 0)
        let breakdown = Self.breakdown(shifted, objects: [AnnotatedObject(box: Self.place, classIndex: 0), far])
        #expect(Self.counts(breakdown) == [.location: 2, .missed: 1])
        // Precision 1 up to a recall of 0.5: 51 of 101 points.
        #expect(abs((breakdown[.location].cost ?? 0) - 51.0 / 101) < 1e-9)
    }

    @Test func whatACrowdTakesIsNoError() {
        let crowd = AnnotatedObject(box: Self.place, classIndex: 0, isCrowd: true)
        let object = AnnotatedObject(box: COCOBox(x: 400, y: 100, width: 50, height: 50), classIndex: 0)
        let inside = COCOBox(x: 110, y: 110, width: 30, height: 30)
        let breakdown = Self.breakdown(
            [0.9, 0.8].map { ScoredBox(box: inside, classIndex: 0, score: $0) }, objects: [crowd, object])
        #expect(Self.counts(breakdown) == [.missed: 1])
    }

    @Test func lowScoresCanBeLeftOut() {
        let wrong = ScoredBox(box: COCOBox(x: 500, y: 0, width: 50, height: 50), classIndex: 0, score: 0.1)
        let breakdown = ErrorBreakdown(
            objects: [[AnnotatedObject(box: Self.place, classIndex: 0)]], detections: [[wrong]], classCount: 1,
            minimumScore: 0.2)
        #expect(Self.counts(breakdown) == [.missed: 1])
    }

    /// Without repair the figure is that of the evaluation, ties and crowds included.
    @Test(arguments: Golden.cases) func theBaseIsAP50(name: String) throws {
        let (instances, results) = try Golden.files(name)
        let breakdown = ErrorBreakdown(
            objects: instances.objects, detections: results.detections, classCount: instances.classNames.count)
        let wanted = try Golden.evaluation(name).summary.ap50
        #expect((breakdown.ap50 == nil) == (wanted == nil))
        #expect(abs((breakdown.ap50 ?? 0) - (wanted ?? 0)) < 1e-9)
        for kind in ErrorBreakdown.Kind.allCases { #expect(breakdown[kind].cost ?? 0 > -1e-9, "\(kind)") }
    }
}
