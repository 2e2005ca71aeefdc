package import Detections
import Foundation

/// Decodes a head's outputs into detections on the network's canvas: the best class of each position, when its score
/// reaches the threshold. Non-finite scores and boxes never pass. The workspace is reused from frame to frame.
package struct YOLODecoder: Sendable {
    package let head: YOLOHead
    /// The least score that passes, 0 to 1.
    package let confidence: Float
    /// The classes that pass; `nil` = all.
    package let classes: Set<Int>?

    private var bestScore: [Float] = []
    private var bestClass: [Int32] = []

    /// The anchors of YOLOv5 (width, height in pixels) by stride 8, 16, 32: its published default.
    private static let yolov5Anchors: [Int: [(width: Float, height: Float)]] = [
        8: [(10, 13), (16, 30), (33, 23)],
        16: [(30, 61), (62, 45), (59, 119)],
        32: [(116, 90), (156, 198), (373, 326)],
    ]

    package init(head: YOLOHead, confidence: Float, classes: Set<Int>?) {
        self.head = head
        self.confidence = confidence
        self.classes = classes
        if case .yolov8(_, let anchors) = head {
            bestScore = Array(repeating: 0, count: anchors)
            bestClass = Array(repeating: 0, count: anchors)
        }
    }

    /// Appends the detections of one output of the network to `detections`.
    ///
    /// - Parameters:
    ///   - elements: the output in row-major order, of the shape from which the head was found.
    ///   - output: the output's place; all heads but the raw one of YOLOv5 have a single output.
    package mutating func decode(
        _ elements: UnsafeBufferPointer<Float>, output: Int = 0, into detections: inout [Detection]
    ) {
        switch head {
        case .yolov8(let count, let anchors):
            decodeV8(elements, classes: count, anchors: anchors, into: &detections)
        case .yolov5(let count, let anchors):
            for row in 0..<anchors {
                appendScored(Self.values(row, of: 5 + count, in: elements), into: &detections) {
                    BoundingBox(centerX: $0[0], centerY: $0[1], width: $0[2], height: $0[3])
                }
            }
        case .yolox(let count, let levels):
            var first = 0
            for level in levels {
                let stride = Float(level.stride)
                for cell in 0..<level.cells {
                    let (x, y) = (Float(cell % level.width), Float(cell / level.width))
                    appendScored(Self.values(first + cell, of: 5 + count, in: elements), into: &detections) {
                        BoundingBox(
                            centerX: ($0[0] + x) * stride, centerY: ($0[1] + y) * stride,
                            width: exp($0[2]) * stride, height: exp($0[3]) * stride)
                    }
                }
                first += level.cells
            }
        case .yolov5Raw(let count, let levels):
            for level in levels where level.output == output {
                decodeRaw(elements, level: level, classes: count, into: &detections)
            }
        case .endToEnd(let rows):
            for index in 0..<rows {
                let values = Self.values(index, of: 6, in: elements)
                guard values[5].isFinite, values[5] >= 0, values[5] < 65536 else { continue }
                let box = BoundingBox(x1: values[0], y1: values[1], x2: values[2], y2: values[3])
                append(box, classIndex: Int(values[5].rounded()), score: values[4], into: &detections)
            }
        }
    }

    private func append(_ box: BoundingBox, classIndex: Int, score: Float, into detections: inout [Detection]) {
        guard score >= confidence, score.isFinite, box.isFinite, classes?.contains(classIndex) ?? true else { return }
        detections.append(Detection(box: box, classIndex: classIndex, score: score))
    }

    private static func values(
        _ index: Int, of width: Int, in elements: UnsafeBufferPointer<Float>
    ) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: elements[(index * width)..<((index + 1) * width)])
    }

    /// A row of box, objectness, class probabilities: the score is objectness × the best class's probability.
    private func appendScored(
        _ values: UnsafeBufferPointer<Float>, into detections: inout [Detection],
        box: (UnsafeBufferPointer<Float>) -> BoundingBox
    ) {
        let objectness = values[4]
        guard objectness >= confidence else { return }
        var (best, bestProbability) = (0, -Float.infinity)
        for index in 5..<values.count where values[index] > bestProbability {
            (best, bestProbability) = (index - 5, values[index])
        }
        append(box(values), classIndex: best, score: objectness * bestProbability, into: &detections)
    }

    /// Class by class over all anchors, so that memory is read in order.
    private mutating func decodeV8(
        _ elements: UnsafeBufferPointer<Float>, classes count: Int, anchors: Int, into detections: inout [Detection]
    ) {
        bestScore.withUnsafeMutableBufferPointer { score in
            bestClass.withUnsafeMutableBufferPointer { bestClass in
                score.update(repeating: -.infinity)
                for index in 0..<count {
                    let probabilities = Self.values(4 + index, of: anchors, in: elements)
                    let label = Int32(truncatingIfNeeded: index)
                    for anchor in 0..<anchors where probabilities[anchor] > score[anchor] {
                        score[anchor] = probabilities[anchor]
                        bestClass[anchor] = label
                    }
                }
            }
        }
        for anchor in 0..<anchors where bestScore[anchor] >= confidence {
            let box = BoundingBox(
                centerX: elements[anchor], centerY: elements[anchors + anchor],
                width: elements[2 * anchors + anchor], height: elements[3 * anchors + anchor])
            append(box, classIndex: Int(bestClass[anchor]), score: bestScore[anchor], into: &detections)
        }
    }

    /// YOLOv5's decoding: xy = (2σ − 0.5 + cell) · stride, wh = (2σ)² · anchor (ultralytics/yolov5 release 4 onwards).
    private func decodeRaw(
        _ elements: UnsafeBufferPointer<Float>, level: YOLOHead.Level, classes count: Int,
        into detections: inout [Detection]
    ) {
        func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
        let width = 5 + count
        let valueStep = level.valuesLast ? 1 : level.cells
        let stride = Float(level.stride)
        for (index, anchor) in (Self.yolov5Anchors[level.stride] ?? []).enumerated() {
            for cell in 0..<level.cells {
                let first = level.valuesLast ? (index * level.cells + cell) * width : index * width * level.cells + cell
                func value(_ offset: Int) -> Float { elements[first + offset * valueStep] }
                let objectness = sigmoid(value(4))
                guard objectness >= confidence else { continue }
                var (best, logit) = (0, -Float.infinity)
                for candidate in 0..<count where value(5 + candidate) > logit {
                    (best, logit) = (candidate, value(5 + candidate))
                }
                let (x, y) = (Float(cell % level.width), Float(cell / level.width))
                let (w, h) = (2 * sigmoid(value(2)), 2 * sigmoid(value(3)))
                let box = BoundingBox(
                    centerX: (2 * sigmoid(value(0)) - 0.5 + x) * stride,
                    centerY: (2 * sigmoid(value(1)) - 0.5 + y) * stride,
                    width: w * w * anchor.width, height: h * h * anchor.height)
                append(box, classIndex: best, score: objectness * sigmoid(logit), into: &detections)
            }
        }
    }
}
