import Detections
import Detectors
import Graphs
import Models
import ONNX
import Testing

/// Detectors of the module Models are detectors here, as they are built and from a file.
@Suite struct BuiltModelTests {
    @Test(arguments: [false, true]) func builtDetectorsAreRecognized(_ isFile: Bool) throws {
        let model = YOLO(names: ["cat", "dog", "bird"], width: 0.0625, imageSize: Size2D(height: 96, width: 128))
        var graph = try model.graph(seed: 3)
        if isFile { graph = try importONNX(try exportONNX(graph), name: "yolo") }
        var options = YOLODetector.Options()
        // First weights find nothing with any certainty.
        options.confidence = 1e-5
        options.iou = 1
        options.maximumDetections = 10_000
        let detector = try YOLODetector(graph, options: options)
        #expect(detector.rawHead?.scheme == .distances(bins: 16), "\(detector.wholeGraphReason ?? "")")
        #expect(detector.rawHead?.levels.map(\.stride) == YOLO.strides)
        #expect(detector.rawHead?.classes == 3)
        #expect(detector.labels.names == ["cat", "dog", "bird"])
        #expect(detector.input.width == 128 && detector.input.height == 96)
        #expect(detector.squareReason == nil)

        options.usesRawMaps = false
        let whole = try YOLODetector(graph, options: options)
        let picture = testPicture(width: 300, height: 200)
        let found = try detector.makeWorker(threads: 2).detect(picture)
        let expected = try whole.makeWorker(threads: 1).detect(picture)
        #expect(expected.count > 100)
        #expect(difference(expected, found, tolerance: 1e-4) == nil)
    }
}
