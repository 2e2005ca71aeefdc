import Detections
import Detectors
import Foundation
import Imaging
import Testing

@Suite struct YOLODetectorTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func model(_ name: String) -> String {
        root.appending(path: "Tests/ONNXTests/Models/\(name).onnx").path
    }

    private static let own = DefaultWeights.name

    @Test(arguments: [
        ("end-to-end", YOLOHead.Name.endToEnd, 3), ("yolov5-raw-4d", .yolov5Raw, 80), ("yolov5-raw-5d", .yolov5Raw, 80),
    ])
    func modelsWithOtherHeadsAreUnderstoodAndRun(name: String, head: YOLOHead.Name, classes: Int) throws {
        var options = YOLODetector.Options()
        options.confidence = 0.01
        let detector = try YOLODetector(modelPath: Self.model(name), options: options)
        #expect(detector.head.name == head)
        #expect(detector.labels.names.count == classes)
        let detections = try detector.makeWorker(threads: 1).detect(testPicture(width: 90, height: 50))
        for detection in detections {
            #expect(detection.box.isFinite && detection.box.area > 0)
            #expect(detection.box == detection.box.clamped(width: 90, height: 50))
            #expect((0..<classes).contains(detection.classIndex))
        }
    }

    @Test func theSamePictureGivesTheSameDetectionsOnAnyNumberOfThreads() throws {
        var options = YOLODetector.Options()
        options.confidence = 0.001
        let detector = try YOLODetector(modelPath: Self.own, options: options)
        let first = try detector.makeWorker(threads: 1).detect(testPicture(width: 333, height: 211))
        #expect(!first.isEmpty)
        for threads in 2...4 {
            let worker = try detector.makeWorker(threads: threads)
            #expect(try worker.detect(testPicture(width: 333, height: 211)) == first)
            // Another size in between leaves nothing behind.
            _ = try worker.detect(testPicture(width: 17, height: 400))
            #expect(try worker.detect(testPicture(width: 333, height: 211)) == first)
        }
    }

    @Test func modelsThatAreNoDetectorsAreRefused() {
        for name in ["unfused-batch-norm", "movements"] {
            #expect(throws: DetectorError.self) { try YOLODetector(modelPath: Self.model(name)) }
        }
        var options = YOLODetector.Options()
        options.imageSize = 20
        #expect(throws: DetectorError.self) { try YOLODetector(modelPath: Self.own, options: options) }
        options = YOLODetector.Options()
        options.classes = ["person", "unicorn"]
        #expect(throws: DetectorError.self) { try YOLODetector(modelPath: Self.own, options: options) }
    }
}
