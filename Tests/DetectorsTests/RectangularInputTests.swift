import Detections
import Detectors
import Foundation
import Graphs
import Imaging
import Testing

/// The network is planned for the aspect ratio of the pictures, and finds there what it finds on the square.
@Suite struct RectangularInputTests {
    private func options(square: Bool = false, side: Int? = nil) -> YOLODetector.Options {
        var options = YOLODetector.Options()
        options.isSquare = square
        options.imageSize = side
        return options
    }

    @Test(arguments: [
        (1920, 1080, 640, 384), (768, 576, 640, 480), (1080, 1920, 384, 640), (640, 640, 640, 640), (64, 48, 640, 480),
        (4000, 100, 640, 32), (1, 5000, 32, 640), (640, 426, 640, 448),
    ])
    func theCanvasIsThePictureRoundedUpToTheStride(width: Int, height: Int, canvasWidth: Int, canvasHeight: Int) throws
    {
        let detector = try YOLODetector(
            HeadFixtures.graph(.distances16, height: 640, width: 640), options: options())
        #expect(detector.squareReason == nil)
        let canvas = detector.input.canvas(forWidth: width, height: height)
        #expect(canvas == (canvasWidth, canvasHeight))
        let square = try YOLODetector(
            HeadFixtures.graph(.distances16, height: 640, width: 640), options: options(square: true))
        #expect(square.squareReason != nil)
        #expect(square.input.canvas(forWidth: width, height: height) == (640, 640))
    }

    @Test(arguments: [HeadFixtures.Tail.distances16, .distances1, .relu, .yolov5, .yolox, .endToEnd])
    func aFixedExportRunsAtOtherSizes(tail: HeadFixtures.Tail) throws {
        // The same weights, exported for the small size and for the large one.
        let large = try YOLODetector(
            HeadFixtures.graph(tail, height: 160, width: 160), options: options(square: true))
        let small = try YOLODetector(
            HeadFixtures.graph(tail, height: 96, width: 96), options: options(square: true, side: 150))
        #expect((small.input.width, small.input.height) == (160, 160))
        #expect(large.rawHead == small.rawHead)
        for size in [(160, 160), (99, 50)] {
            let expected = try large.makeWorker(threads: 1).detect(testPicture(width: size.0, height: size.1))
            #expect(!expected.isEmpty)
            #expect(try small.makeWorker(threads: 1).detect(testPicture(width: size.0, height: size.1)) == expected)
        }
    }

    @Test func aGraphWithItsTailIsNotResized() throws {
        var options = options()
        options.usesRawMaps = false
        let detector = try YOLODetector(HeadFixtures.graph(.distances16), options: options)
        #expect(detector.squareReason != nil)
        #expect(detector.input.canvas(forWidth: 1920, height: 1080) == (128, 96))
        options.imageSize = 160
        #expect(throws: DetectorError.self) { try YOLODetector(HeadFixtures.graph(.distances16), options: options) }
    }

    @Test func aGraphThatLeavesItsSizeOpenIsPlannedForAny() throws {
        var graph = try HeadFixtures.graph(.relu)
        let input = try #require(graph.inputs.first)
        graph[input].shape = nil
        graph[input].declared = [.fixed(1), .fixed(3), .symbolic("height"), .symbolic("width")]
        // Its anchors are a table for 128×96, so only without the tail.
        #expect(throws: DetectorError.self) { try YOLODetector(graph, options: options(side: 640)) }
        graph.metadata["imgsz"] = "[96, 128]"
        let detector = try YOLODetector(graph, options: options())
        #expect(detector.squareReason == nil)
        let fixed = try YOLODetector(HeadFixtures.graph(.relu), options: options())
        for size in [(128, 96), (300, 100), (20, 77)] {
            let expected = try fixed.makeWorker(threads: 1).detect(testPicture(width: size.0, height: size.1))
            #expect(try detector.makeWorker(threads: 1).detect(testPicture(width: size.0, height: size.1)) == expected)
        }
    }

    @Test func picturesOfManySizesInTurn() throws {
        let detector = try YOLODetector(HeadFixtures.graph(.distances1), options: options())
        let worker = try detector.makeWorker(threads: 1)
        let sizes = (1...14).map { (width: 40 + 30 * $0, height: 400 - 24 * $0) }
        let first = try sizes.map { try worker.detect(testPicture(width: $0.width, height: $0.height)) }
        // Plans come and go meanwhile.
        for _ in 0..<2 {
            for (size, expected) in zip(sizes, first).reversed() {
                #expect(try worker.detect(testPicture(width: size.width, height: size.height)) == expected)
            }
        }
        #expect(first.contains { !$0.isEmpty })
    }

    private static let models = ["yolov8n", "yolo11n", "yolo26n", "yolov5n", "yolox_nano"]

    /// Strong detections of the square are there in the rectangle too. (Not the same numbers: the gray around the
    /// picture is a part of what the network sees.)
    @Test(.needsData, arguments: models) func theRealModelsFindTheSameInARectangle(model: String) throws {
        let data = try #require(dataFolder)
        let graph = try YOLODetector.readModel(data.appending(path: "models/\(model).onnx").path)
        let detector = try YOLODetector(graph, options: options())
        #expect(detector.squareReason == nil)
        let (one, other) = (
            try detector.makeWorker(threads: 2),
            try YOLODetector(graph, options: options(square: true)).makeWorker(threads: 2)
        )
        var (strong, found) = (0, 0)
        for url in try photos(12) {
            let square = try other.detect(readPicture(url)).filter { $0.score > 0.5 }
            let rectangle = try one.detect(readPicture(url))
            strong += square.count
            found +=
                square.filter { a in
                    rectangle.contains { $0.classIndex == a.classIndex && $0.box.iou(a.box) > 0.8 }
                }.count
        }
        #expect(strong > 20)
        #expect(Double(found) > 0.9 * Double(strong), "\(found) of \(strong)")
    }
}
