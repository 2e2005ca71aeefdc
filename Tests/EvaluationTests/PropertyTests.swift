import Detections
import Evaluation
import Testing

/// Random objects, and detections of which most meet one; no two scores are equal.
struct Scene {
    var objects: [[AnnotatedObject]] = []
    var detections: [[ScoredBox]] = []
    let classCount = 4

    init(images: Int = 12, seed: UInt64) {
        for image in 0..<images {
            var (objects, detections) = ([AnnotatedObject](), [ScoredBox]())
            for number in 0..<Int(1 + uniform(seed, UInt64(image)) * 8) {
                func u(_ k: UInt64) -> Double { uniform(seed, UInt64(image), UInt64(number), k) }
                let side = [16.0, 60, 150][Int(u(0) * 3)]
                let box = COCOBox(x: u(1) * 400, y: u(2) * 300, width: side * (0.5 + u(3)), height: side * (0.5 + u(4)))
                let classIndex = Int(u(5) * Double(classCount))
                objects.append(AnnotatedObject(box: box, classIndex: classIndex, isCrowd: u(6) < 0.05))
                let moved = COCOBox(
                    x: box.x + 0.3 * (u(7) - 0.5) * box.width, y: box.y + 0.3 * (u(8) - 0.5) * box.height,
                    width: box.width * (0.8 + 0.4 * u(9)), height: box.height)
                if u(10) < 0.85 {
                    let guess = u(11) < 0.85 ? classIndex : (classIndex + 1) % classCount
                    detections.append(ScoredBox(box: moved, classIndex: guess, score: u(12)))
                }
                let other = COCOBox(x: u(13) * 400, y: u(14) * 300, width: side, height: side)
                if u(15) < 0.7 {
                    detections.append(ScoredBox(box: other, classIndex: classIndex, score: 0.8 * u(16)))
                }
            }
            self.objects.append(objects)
            self.detections.append(detections)
        }
    }

    var evaluation: DetectionEvaluation {
        DetectionEvaluation(objects: objects, detections: detections, classCount: classCount)
    }
}

@Suite struct PropertyTests {
    @Test(arguments: 0..<5) func detectionsThatAreTheObjectsScoreOne(seed: UInt64) {
        var scene = Scene(seed: seed)
        scene.detections = scene.objects.map { objects in
            objects.filter { !$0.isCrowd }.map { ScoredBox(box: $0.box, classIndex: $0.classIndex, score: 0.5) }
        }
        let summary = scene.evaluation.summary
        #expect(abs((summary.ap ?? 0) - 1) < 1e-12)
        #expect(abs((summary.ar100 ?? 0) - 1) < 1e-12)
        #expect(summary.apSmall != nil && summary.apMedium != nil && summary.apLarge != nil)
    }

    @Test(arguments: 0..<5) func theOrderOfTheInputHasNoSay(seed: UInt64) {
        let scene = Scene(seed: seed)
        var turned = scene
        turned.objects = scene.objects.reversed().map { $0.reversed() }
        turned.detections = scene.detections.reversed().map { $0.reversed() }
        expectClose(turned.evaluation.summary.stats, scene.evaluation.summary.stats, "stats")
    }

    @Test(arguments: 0..<5) func onlyTheOrderOfScoresHasASay(seed: UInt64) {
        let scene = Scene(seed: seed)
        var bent = scene
        for image in bent.detections.indices {
            for index in bent.detections[image].indices {
                let score = bent.detections[image][index].score
                bent.detections[image][index].score = 100 * score * score * score - 50
            }
        }
        #expect(bent.evaluation.summary == scene.evaluation.summary)
    }

    @Test(arguments: 0..<5) func aWrongDetectionNeverHelps(seed: UInt64) throws {
        let scene = Scene(seed: seed)
        let before = try #require(scene.evaluation.summary.ap)
        for score in [2.0, 0.5, -1] {
            var worse = scene
            for image in worse.detections.indices {
                worse.detections[image].append(
                    ScoredBox(box: COCOBox(x: 900, y: 900, width: 50, height: 50), classIndex: 1, score: score))
            }
            let after = try #require(worse.evaluation.summary.ap)
            #expect(after <= before + 1e-12)
            if score > 1 { #expect(after < before) }
            // Behind all others it costs nothing: precision is read where recall is gained.
            if score < 0 { #expect(abs(after - before) < 1e-12) }
        }
    }

    @Test func whatIsNotFiniteOrOfNoClassDoesNotCount() {
        let scene = Scene(seed: 3)
        var dirty = scene
        let box = COCOBox(x: 10, y: 10, width: 50, height: 50)
        dirty.detections[0].append(ScoredBox(box: box, classIndex: 0, score: .nan))
        dirty.detections[1].append(ScoredBox(box: box, classIndex: 0, score: .infinity))
        dirty.detections[2].append(
            ScoredBox(box: COCOBox(x: .nan, y: 10, width: 50, height: 50), classIndex: 0, score: 0.9))
        dirty.detections[3].append(ScoredBox(box: box, classIndex: 4, score: 0.9))
        dirty.detections[4].append(ScoredBox(box: box, classIndex: -1, score: 0.9))
        dirty.objects[5].append(AnnotatedObject(box: box, classIndex: 9))
        #expect(dirty.evaluation.summary == scene.evaluation.summary)
    }

    @Test func aClassWithoutObjectsHasNoFigure() {
        let scene = Scene(seed: 4)
        let wider = DetectionEvaluation(
            objects: scene.objects, detections: scene.detections, classCount: scene.classCount + 2)
        #expect(wider.summary == scene.evaluation.summary)
        #expect(wider.classes.last?.ap == nil)
        let empty = DetectionEvaluation(objects: [], detections: [], classCount: 3)
        #expect(empty.summary.stats.allSatisfy { $0 == -1 })
    }

    @Test func detectionsOfTheDetectorAreTaken() {
        let detection = Detection(
            box: BoundingBox(x1: 10, y1: 20, x2: 110.5, y2: 70), classIndex: 2, score: 0.25)
        let box = ScoredBox(detection)
        #expect(box.box == COCOBox(x: 10, y: 20, width: 100.5, height: 50))
        #expect(box.classIndex == 2 && box.score == 0.25)
        let evaluation = DetectionEvaluation(
            objects: [[AnnotatedObject(box: box.box, classIndex: 2)]], detections: [[box]], classCount: 3)
        #expect(evaluation.summary.ap == evaluation.classes[2].ap)
        #expect(abs((evaluation.summary.ap ?? 0) - 1) < 1e-12)
    }

    @Test func otherThresholds() {
        let scene = Scene(seed: 6)
        let full = scene.evaluation
        let half = DetectionEvaluation(
            objects: scene.objects, detections: scene.detections, classCount: scene.classCount, thresholds: [0.5])
        #expect(half.summary.ap == full.summary.ap50)
        #expect(half.summary.ap50 == full.summary.ap50)
        #expect(half.summary.ap75 == nil)
    }
}
