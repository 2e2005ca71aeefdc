import Detections
import Imaging
import Testing

@Suite struct AnnotatorTests {
    static let labels = ClassLabels(["person", "car"])

    /// The columns and rows in which two pictures differ.
    static func change(_ before: borrowing Image, _ after: borrowing Image) -> PixelRect? {
        var (x1, y1, x2, y2) = (Int.max, Int.max, -1, -1)
        for y in 0..<before.height {
            for x in 0..<before.width where before.y.row(y)[x] != after.y.row(y)[x] {
                (x1, y1, x2, y2) = (min(x1, x), min(y1, y), max(x2, x), max(y2, y))
            }
        }
        return x2 < 0 ? nil : PixelRect(x1: x1, y1: y1, x2: x2 + 1, y2: y2 + 1)
    }

    /// What annotating one box changes on a black frame of 320 x 180.
    static func change(of box: BoundingBox, _ edit: (inout AnnotationStyle) -> Void = { _ in }) -> PixelRect? {
        var style = AnnotationStyle()
        edit(&style)
        let before = Image(width: 320, height: 180, color: limited709)
        var after = Image(width: 320, height: 180, color: limited709)
        Annotator(style: style).annotate(
            &after, detections: [Detection(box: box, classIndex: 0, score: 0.83, trackID: 7)], labels: labels, time: 0)
        return change(before, after)
    }

    @Test func labelsLieAboveTheBoxInsideTheFrame() throws {
        let middle = BoundingBox(x1: 100, y1: 80, x2: 240, y2: 160)
        let bare = try #require(Self.change(of: middle) { $0.showLabels = false })
        #expect(bare == PixelRect(x1: 99, y1: 79, x2: 241, y2: 161))
        let labelled = try #require(Self.change(of: middle))
        #expect(labelled.y1 < 75 && labelled.y2 == bare.y2 && labelled.x1 == bare.x1)

        let top = try #require(Self.change(of: BoundingBox(x1: 100, y1: 2, x2: 240, y2: 160)))
        #expect(top.y1 == 1)  // inside the box: nothing is above the outline
        let right = try #require(Self.change(of: BoundingBox(x1: 300, y1: 80, x2: 318, y2: 160)))
        #expect(right.x1 < 260 && right.x2 <= 320)
        let bottom = try #require(Self.change(of: BoundingBox(x1: 0, y1: 0, x2: 320, y2: 180)))
        #expect(bottom == PixelRect(x1: 0, y1: 0, x2: 320, y2: 180))
    }

    @Test func labelsSayWhatTheStyleAsksFor() {
        func width(_ edit: (inout AnnotationStyle) -> Void) -> Int {
            Self.change(of: BoundingBox(x1: 10, y1: 100, x2: 20, y2: 120), edit)?.width ?? 0
        }
        let all = width { _ in }
        let noScore = width { $0.showScores = false }
        let noID = width { $0.showIDs = false }
        let name = width {
            $0.showScores = false
            $0.showIDs = false
        }
        #expect(all > noScore && all > noID && noScore > name && noID > name && name > 12)
        #expect(width { $0.showLabels = false } == 12)
    }

    @Test func predictedBoxesHaveTheSameColourButLessInk() {
        func ink(_ origin: Detection.Origin) -> (Int, Set<UInt8>) {
            var style = AnnotationStyle()
            style.showLabels = false
            style.lineWidth = 4
            var image = Image(width: 320, height: 180, color: limited709)
            Annotator(style: style).annotate(
                &image,
                detections: [
                    Detection(
                        box: BoundingBox(x1: 20, y1: 20, x2: 220, y2: 120), classIndex: 0, score: 1, trackID: 3,
                        origin: origin)
                ], labels: Self.labels, time: 0)
            return (image.y.contents.count { $0 != 16 }, Set(image.y.contents))
        }
        let (detected, predicted, interpolated) = (ink(.detected), ink(.predicted), ink(.interpolated))
        #expect(predicted.0 < detected.0 && interpolated.0 < detected.0)
        #expect(predicted.1 == detected.1 && interpolated.1 == detected.1)
    }

    @Test func sharedFramesAreCopiedBeforeTheyAreDrawnOn() {
        let source = Image.noise(width: 64, height: 64, seed: 1)
        let before = source.contents
        let pool = ImagePool(capacity: 1)
        let annotator = Annotator(style: AnnotationStyle(), pool: pool)
        for _ in 0..<20 {
            var frame = Image(
                width: 64, height: 64, color: limited709, y: source.y, u: source.u, v: source.v, isExclusive: false,
                owner: source.owner)
            annotator.annotate(
                &frame,
                detections: [
                    Detection(box: BoundingBox(x1: 5, y1: 20, x2: 40, y2: 60), classIndex: 0, score: 1)
                ], labels: Self.labels, time: 0)
            #expect(frame.isExclusive && frame.contents != before)
        }
        #expect(source.contents == before)
        #expect(pool.allocationCount == 1)
        // Nothing to draw: nothing to copy.
        var frame = Image(
            width: 64, height: 64, color: limited709, y: source.y, u: source.u, v: source.v, isExclusive: false,
            owner: source.owner)
        annotator.annotate(&frame, detections: [], labels: Self.labels, time: 0)
        let isExclusive = frame.isExclusive
        #expect(!isExclusive)
    }

    @Test(arguments: AnnotationStyle.Concealment.allCases)
    func concealmentRemovesDetail(_ concealment: AnnotationStyle.Concealment) {
        var image = Image.noise(width: 200, height: 160, seed: 9)
        let before = image.contents
        var style = AnnotationStyle()
        style.showBoxes = false
        style.showLabels = false
        style.blurClasses = [1]
        style.concealment = concealment
        func detection(_ classIndex: Int) -> Detection {
            Detection(
                box: BoundingBox(x1: 31, y1: 21, x2: 171, y2: 141), classIndex: classIndex, score: 1, trackID: 1)
        }
        let annotator = Annotator(style: style)
        annotator.annotate(&image, detections: [detection(0)], labels: Self.labels, time: 0)
        #expect(image.contents == before)
        annotator.annotate(&image, detections: [detection(1)], labels: Self.labels, time: 0)

        func roughness(_ plane: Plane, _ scale: Int) -> Int {
            var sum = 0
            for y in 24 / scale..<138 / scale {
                for x in 34 / scale..<168 / scale {
                    sum += abs(Int(plane.row(y)[x]) - Int(plane.row(y)[x + 1]))
                }
            }
            return sum / (114 / scale * 134 / scale)
        }
        for (plane, scale) in [(image.y, 1), (image.u, 2), (image.v, 2)] {
            #expect(roughness(plane, scale) <= 2)  // noise has 85
        }
        // At most one value a cell: cells of 14 pixels, 10 x 9 of them.
        if concealment == .pixelate {
            let values = Set(
                (21..<141).flatMap { y in (31..<171).map { x in [x / 14, y / 14, Int(image.y.row(y)[x])] } })
            #expect(values.count <= 4 * 11 * 10)
        }
        #expect(image.y.row(10)[100] == before[10 * 200 + 100])  // outside nothing changes
        #expect(image.y.row(80)[180] == before[80 * 200 + 180])
    }

    @Test func tracesFollowAndEnd() throws {
        var style = AnnotationStyle()
        style.showBoxes = false
        style.showLabels = false
        style.trace = 1
        let annotator = Annotator(style: style)
        func frame(_ x: Float, time: Double) -> PixelRect? {
            let before = Image(width: 320, height: 180, color: limited709)
            var after = Image(width: 320, height: 180, color: limited709)
            annotator.annotate(
                &after,
                detections: [
                    Detection(
                        box: BoundingBox(x1: x, y1: 20, x2: x + 20, y2: 60), classIndex: 0, score: 1, trackID: 1)
                ], labels: Self.labels, time: time)
            return Self.change(before, after)
        }
        #expect(frame(0, time: 0) == nil)  // one point is no path
        var last: PixelRect?
        for step in 1...20 { last = frame(Float(step) * 10, time: Double(step) / 10) }
        // One second is 10 steps of 10 pixels: from 120 to 210.
        let extent = try #require(last)
        #expect((112...126).contains(extent.x1) && (209...213).contains(extent.x2))
        #expect((57...60).contains(extent.y1) && (60...63).contains(extent.y2))
        #expect(frame(50, time: 0.1) == nil)  // time went back: a new beginning
    }
}
