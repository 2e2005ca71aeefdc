import Detections
import Detectors
import Foundation
import Testing

@Suite struct YOLOHeadTests {
    @Test(arguments: [
        ([[1, 84, 8400]], 640, YOLOHead.Name.yolov8), ([[1, 25200, 85]], 640, .yolov5), ([[1, 3549, 85]], 416, .yolox),
        ([[1, 300, 6]], 640, .endToEnd), ([[1, 10, 2100]], 320, .yolov8), ([[1, 25200, 6]], 640, .yolov5),
        ([[1, 3, 80, 80, 85], [1, 3, 40, 40, 85], [1, 3, 20, 20, 85]], 640, .yolov5Raw),
        ([[1, 255, 20, 20], [1, 255, 40, 40], [1, 255, 80, 80]], 640, .yolov5Raw),
    ])
    func isFoundFromTheShapes(outputs: [[Int]], size: Int, expected: YOLOHead.Name) throws {
        let head = try YOLOHead.infer(outputs: outputs, width: size, height: size, classes: nil)
        #expect(head.name == expected)
    }

    @Test func theUserMayOverrideWhatTheShapesLeaveOpen() throws {
        let head = try YOLOHead.infer(outputs: [[1, 3549, 85]], width: 416, height: 416, classes: 80, wanted: .yolov5)
        #expect(head == .yolov5(classes: 80, anchors: 3549))
        #expect(throws: DetectorError.unknownHead(outputs: [[1, 3549, 85]], wanted: "end-to-end")) {
            try YOLOHead.infer(outputs: [[1, 3549, 85]], width: 416, height: 416, classes: 80, wanted: .endToEnd)
        }
    }

    @Test(arguments: [[[1, 1000]], [[1, 512, 7, 7]], [[2, 84, 8400]], [], [[1, 3, 80, 80, 85], [1, 84, 8400]]])
    func otherModelsAreRefusedWithTheirShapes(outputs: [[Int]]) {
        #expect(throws: DetectorError.unknownHead(outputs: outputs, wanted: nil)) {
            try YOLOHead.infer(outputs: outputs, width: 640, height: 640, classes: nil)
        }
    }

    /// Decodes one frame whose outputs are given as arrays.
    private func decode(
        _ head: YOLOHead, _ outputs: [[Float]], confidence: Float = 0.25, classes: Set<Int>? = nil
    ) -> [Detection] {
        var decoder = YOLODecoder(head: head, confidence: confidence, classes: classes)
        var detections: [Detection] = []
        for (index, values) in outputs.enumerated() {
            values.withUnsafeBufferPointer { decoder.decode($0, output: index, into: &detections) }
        }
        return detections
    }

    @Test func yolov8KeepsTheBestClassAboveTheThreshold() {
        // Two classes, three anchors: the second is too weak, the third not a number.
        let values: [Float] = [
            10, 20, 30, /**/ 11, 21, 31, /**/ 4, 4, 4, /**/ 6, 6, 6, /**/ 0.3, 0.1, .nan, /**/ 0.9, 0.2, .infinity,
        ]
        let found = decode(.yolov8(classes: 2, anchors: 3), [values])
        #expect(found == [Detection(box: .init(x1: 8, y1: 8, x2: 12, y2: 14), classIndex: 1, score: 0.9)])
        #expect(decode(.yolov8(classes: 2, anchors: 3), [values], classes: [0]).isEmpty)
    }

    @Test func yolov5MultipliesObjectnessAndClass() {
        let found = decode(.yolov5(classes: 2, anchors: 2), [[8, 8, 4, 4, 0.5, 0.2, 0.8, 8, 8, 4, 4, 0.2, 1, 1]])
        #expect(found.map(\.score) == [0.4])
        #expect(found.map(\.classIndex) == [1])
    }

    @Test func yoloxAddsTheCellAndTakesExponents() {
        let level = YOLOHead.Level(stride: 16, width: 2, height: 1)
        let found = decode(
            .yolox(classes: 1, levels: [level]), [[0, 0, 0, 0, 0, 0, /**/ 0.5, 0.25, log(2), 0, 1, 0.75]])
        #expect(found.count == 1)
        #expect(found.first?.box == BoundingBox(centerX: 24, centerY: 4, width: 32, height: 16))
        #expect(found.first?.score == 0.75)
    }

    @Test(arguments: [true, false]) func rawYolov5IsDecodedInBothOrders(valuesLast: Bool) throws {
        // One cell, one class; only the second anchor (33×23 is the third) has objectness.
        var values = [Float](repeating: -20, count: 3 * 6)
        for (offset, value) in [Float(0), 0, 0, 0, 20, 20].enumerated() { values[6 + offset] = value }
        let level = YOLOHead.Level(stride: 8, width: 1, height: 1, valuesLast: valuesLast, output: 0)
        let found = decode(.yolov5Raw(classes: 1, levels: [level]), [values])
        let box = try #require(found.first).box
        #expect(found.count == 1)
        #expect(abs(box.centerX - 4) < 1e-5 && abs(box.centerY - 4) < 1e-5)
        #expect(abs(box.width - 16) < 1e-4 && abs(box.height - 30) < 1e-4)
    }

    @Test func endToEndRowsAreTakenAsTheyAre() {
        let found = decode(
            .endToEnd(rows: 3), [[1, 2, 3, 4, 0.9, 7, /**/ 1, 2, 3, 4, 0.1, 0, /**/ 1, 2, 3, 4, 0.9, .nan]])
        #expect(found == [Detection(box: .init(x1: 1, y1: 2, x2: 3, y2: 4), classIndex: 7, score: 0.9)])
    }
}
