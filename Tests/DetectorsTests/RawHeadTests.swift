import Detections
import Detectors
import Execution
import Foundation
import Graphs
import Tensors
import Testing

/// Boxes decoded from raw maps are those that the graph's own tail gives, and a tail that says something else is found
/// out.
@Suite struct RawHeadTests {
    private func options(rawMaps: Bool) -> YOLODetector.Options {
        var options = YOLODetector.Options()
        options.confidence = 0.5
        options.iou = 1
        options.maximumDetections = 10_000
        options.isSquare = true
        options.usesRawMaps = rawMaps
        return options
    }

    @Test(arguments: [
        (HeadFixtures.Tail.distances16, RawHead.Scheme.distances(bins: 16)), (.distances1, .distances(bins: 1)),
        (.relu, .distances(bins: 1)), (.yolov5, .anchors), (.yolox, .cells), (.yoloxDecoded, .cells),
        (.endToEnd, .distances(bins: 1)),
    ])
    func tailsAreRecognizedAndReplaced(tail: HeadFixtures.Tail, scheme: RawHead.Scheme) throws {
        let graph = try HeadFixtures.graph(tail)
        var own = options(rawMaps: true)
        if tail == .yoloxDecoded { own.head = .yolov5 }
        var theirs = own
        theirs.usesRawMaps = false
        let detector = try YOLODetector(graph, options: own)
        let whole = try YOLODetector(graph, options: theirs)
        #expect(detector.rawHead?.scheme == scheme, "\(detector.wholeGraphReason ?? "")")
        #expect(detector.rawHead?.levels.map(\.stride) == [8, 16, 32])
        #expect(detector.rawHead?.classes == HeadFixtures.classes)
        #expect(whole.rawHead == nil && whole.wholeGraphReason != nil)
        // The tail is gone.
        #expect(try detector.plan(width: 128, height: 96).operations.allSatisfy { $0.op != "sigmoid" })

        let (one, other) = (try detector.makeWorker(threads: 1), try whole.makeWorker(threads: 1))
        for size in [(128, 96), (300, 100), (31, 77)] {
            let found = try one.detect(testPicture(width: size.0, height: size.1))
            let expected = try other.detect(testPicture(width: size.0, height: size.1))
            #expect(!expected.isEmpty)
            if tail == .endToEnd { #expect(expected.count <= 60) }
            #expect(difference(expected, found, tolerance: 1e-4) == nil)
        }
    }

    @Test func anchorsComeFromTheTail() throws {
        let head = try #require(
            try YOLODetector(HeadFixtures.graph(.yolov5), options: options(rawMaps: true)).rawHead)
        let anchors = head.levels.flatMap(\.anchors).flatMap { [$0.x, $0.y] }
        let expected: [Float] = [9, 12, 15, 29, 32, 22, 31, 60, 61, 44, 58, 118, 50, 90, 70, 80, 100, 99]
        #expect(anchors.count == expected.count)
        #expect(zip(anchors, expected).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    @Test(arguments: [HeadFixtures.Tail.coldSigmoid, .mirroredBins, .shiftedCells])
    func tailsThatSaySomethingElseAreKept(tail: HeadFixtures.Tail) throws {
        let detector = try YOLODetector(HeadFixtures.graph(tail), options: options(rawMaps: true))
        #expect(detector.rawHead == nil)
        #expect(detector.wholeGraphReason?.isEmpty == false)
        #expect(try !detector.makeWorker(threads: 1).detect(testPicture(width: 128, height: 96)).isEmpty)
    }

    /// A quantized network gives its maps in bytes, takes pixels as bytes, and means what the whole graph means, but for
    /// the roundings in the tail.
    @Test(arguments: [HeadFixtures.Tail.distances16, .distances1, .relu, .yolov5, .yolox, .endToEnd])
    func quantizedMapsAreReadAsBytes(tail: HeadFixtures.Tail) throws {
        let graph = try HeadFixtures.graph(tail, isQuantized: true)
        let detector = try YOLODetector(graph, options: options(rawMaps: true))
        let whole = try YOLODetector(graph, options: options(rawMaps: false))
        #expect(detector.rawHead != nil, "\(detector.wholeGraphReason ?? "")")
        let plan = try detector.plan(width: 128, height: 96)
        #expect(plan.outputs.allSatisfy { $0.dtype == .uint8 && $0.quantization?.scale == 0.06 })
        #expect(plan.inputs.map(\.dtype) == [.uint8])

        let found = try detector.makeWorker(threads: 1).detect(testPicture(width: 300, height: 200))
        let expected = try whole.makeWorker(threads: 1).detect(testPicture(width: 300, height: 200))
        #expect(found.count > 5)
        // The tail's own bins are up to 0.06 off, its cells and anchors up to half a step of theirs, ours are not. What
        // lies at the threshold, or outside of the picture, may be rounded to either side.
        func clear(_ list: [Detection], _ threshold: Float) -> [Detection] {
            list.filter {
                $0.score > threshold && $0.box.x1 < 294 && $0.box.y1 < 194 && $0.box.x2 > 6 && $0.box.y2 > 6
            }
        }
        func isNear(_ a: BoundingBox, _ b: BoundingBox) -> Bool {
            guard tail == .yolov5 else { return a.iou(b) > (tail == .distances16 ? 0.95 : 0.99) }
            return zip([a.x1, a.y1, a.x2, a.y2], [b.x1, b.y1, b.x2, b.y2]).allSatisfy { abs($0 - $1) < 6 }
        }
        for (some, all) in [(clear(found, 0.52), expected), (clear(expected, 0.52), found)] {
            let missing = some.filter { one in
                !all.contains {
                    one.classIndex == $0.classIndex && abs(one.score - $0.score) < 0.004 && isNear(one.box, $0.box)
                }
            }
            #expect(missing.isEmpty, "\(missing.count) of \(some.count)")
        }
    }

    /// Where the file's bytes are not the levels of pixels, they are looked up.
    @Test(arguments: [(Float(1) / 255, UInt8(0)), (0.005, 0), (0.008, 20)])
    func pixelsBecomeTheBytesOfTheFile(scale: Float, zeroPoint: UInt8) throws {
        let graph = try HeadFixtures.graph(.distances1, isQuantized: true, pixels: (scale, zeroPoint))
        var options = options(rawMaps: true)
        let found = try YOLODetector(graph, options: options).makeWorker(threads: 1)
            .detect(testPicture(width: 128, height: 96))
        options.usesRawMaps = false
        let expected = try YOLODetector(graph, options: options).makeWorker(threads: 1)
            .detect(testPicture(width: 128, height: 96))
        #expect(found.count > 5)
        let clear = expected.filter { $0.score > 0.52 }
        let missing = clear.filter { one in
            !found.contains { one.box.iou($0.box) > 0.99 && abs(one.score - $0.score) < 0.004 }
        }
        #expect(missing.isEmpty, "\(missing.count) of \(clear.count)")
    }

    private static let models = ["yolov8n", "yolo11n", "yolo26n", "yolov5n", "yolox_nano"]

    @Test(.needsData, arguments: models) func theRealModelsGiveWhatTheirTailsGive(model: String) throws {
        let data = try #require(dataFolder)
        let graph = try YOLODetector.readModel(data.appending(path: "models/\(model).onnx").path)
        var own = YOLODetector.Options()
        own.isSquare = true
        own.confidence = 0.05
        own.iou = 1
        var theirs = own
        theirs.usesRawMaps = false
        let detector = try YOLODetector(graph, options: own)
        #expect(detector.rawHead != nil, "\(detector.wholeGraphReason ?? "")")
        let (one, other) = (
            try detector.makeWorker(threads: 2), try YOLODetector(graph, options: theirs).makeWorker(threads: 2)
        )
        for url in try photos(3) {
            let expected = try other.detect(readPicture(url))
            #expect(!expected.isEmpty)
            #expect(difference(expected, try one.detect(readPicture(url)), tolerance: 1e-4) == nil)
        }
    }
}
