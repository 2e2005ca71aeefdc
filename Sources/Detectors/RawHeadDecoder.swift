package import Detections
import Glibc

/// Decodes raw feature maps into detections on the network's canvas: the best class of each cell or anchor, when its
/// score reaches the threshold (for networks that select by themselves every class that does).
///
/// It gives what the tail of the graph and `YOLODecoder` give, up to rounding, and computes boxes and sigmoids only
/// where the score can pass: a score is σ(class) or less, so the raw values are compared with σ⁻¹(threshold) first.
/// NaN never passes. Nothing is allocated but what `detections` needs to grow.
package struct RawHeadDecoder: Sendable {
    package let head: RawHead
    /// The least score that passes, 0 to 1.
    package let confidence: Float
    /// The classes that pass; `nil` = all.
    package let classes: Set<Int>?
    /// What a logit has at least when its sigmoid reaches `confidence`, a little less for safety.
    private let threshold: Float

    package init(head: RawHead, confidence: Float, classes: Set<Int>?) {
        self.head = head
        self.confidence = confidence
        self.classes = classes
        // σ of 15 rounds to 1 within a few units of the last place.
        threshold =
            confidence <= 0
            ? -.infinity : confidence >= 1 ? 15 : Float(log(Double(confidence) / (1 - Double(confidence)))) - 1e-3
    }

    /// Appends the detections of one run. `maps` are the maps by their places among the graph's outputs.
    package func decode(_ maps: (Int) -> FeatureMap?, into detections: inout [Detection]) {
        for level in head.levels {
            guard let boxes = maps(level.boxes), let classes = maps(level.classes) else { continue }
            switch head.scheme {
            case .distances(let bins):
                decodeDistances(boxes, classes, stride: Float(level.stride), bins: bins, into: &detections)
            case .anchors:
                for anchor in level.anchors.indices {
                    decodeAnchors(boxes, level, anchor, into: &detections)
                }
            case .cells:
                guard let objectness = maps(level.objectness) else { continue }
                decodeCells(boxes, objectness, classes, stride: Float(level.stride), into: &detections)
            }
        }
    }

    /// What every cell says, whatever its score: cells × classes probabilities and cells × 4 corners, in the order of the
    /// levels and their rows. False for anchors, of which a cell has several.
    package func decodeAll(_ maps: (Int) -> FeatureMap?, scores: inout [Float], boxes: inout [Float]) -> Bool {
        scores.removeAll(keepingCapacity: true)
        boxes.removeAll(keepingCapacity: true)
        for level in head.levels {
            guard let map = maps(level.boxes), let classes = maps(level.classes) else { return false }
            let stride = Float(level.stride)
            switch head.scheme {
            case .anchors: return false
            case .distances(let bins):
                for cell in 0..<classes.cells {
                    for index in 0..<head.classes { scores.append(sigmoid(classes.value(cell, index))) }
                    append(distanceBox(map, cell, stride: stride, bins: bins), to: &boxes)
                }
            case .cells:
                guard let objectness = maps(level.objectness) else { return false }
                for cell in 0..<classes.cells {
                    let object = sigmoid(objectness.value(cell, 0))
                    for index in 0..<head.classes { scores.append(object * sigmoid(classes.value(cell, index))) }
                    append(cellBox(map, cell, stride: stride), to: &boxes)
                }
            }
        }
        return true
    }

    private func append(_ box: BoundingBox, to boxes: inout [Float]) { boxes += [box.x1, box.y1, box.x2, box.y2] }

    private func append(_ box: BoundingBox, _ classIndex: Int, _ score: Float, into detections: inout [Detection]) {
        guard score >= confidence, score.isFinite, box.isFinite, classes?.contains(classIndex) ?? true else { return }
        detections.append(Detection(box: box, classIndex: classIndex, score: score))
    }

    /// The class with the highest of the values from `first` on; NaN loses.
    private func best(_ map: FeatureMap, _ cell: Int, from first: Int) -> (classIndex: Int, logit: Float) {
        var (best, logit) = (0, -Float.infinity)
        for index in 0..<head.classes {
            let value = map.value(cell, first + index)
            if value > logit { (best, logit) = (index, value) }
        }
        return (best, logit)
    }

    private func decodeDistances(
        _ boxes: FeatureMap, _ classes: FeatureMap, stride: Float, bins: Int, into detections: inout [Detection]
    ) {
        classes.forEachCell(reaching: threshold) { cell in
            func box() -> BoundingBox { distanceBox(boxes, cell, stride: stride, bins: bins) }
            if head.selection != nil {
                let box = box()
                for index in 0..<head.classes {
                    let logit = classes.value(cell, index)
                    if logit >= threshold { append(box, index, sigmoid(logit), into: &detections) }
                }
            } else {
                let (index, logit) = best(classes, cell, from: 0)
                let score = sigmoid(logit)
                if score >= confidence { append(box(), index, score, into: &detections) }
            }
        }
    }

    private func distanceBox(_ map: FeatureMap, _ cell: Int, stride: Float, bins: Int) -> BoundingBox {
        let x = Float(cell % map.width) + 0.5
        let y = Float(cell / map.width) + 0.5
        func distance(_ side: Int) -> Float { Self.expectation(map, cell, from: side * bins, bins: bins) }
        return BoundingBox(
            x1: (x - distance(0)) * stride, y1: (y - distance(1)) * stride, x2: (x + distance(2)) * stride,
            y2: (y + distance(3)) * stride)
    }

    private func cellBox(_ map: FeatureMap, _ cell: Int, stride: Float) -> BoundingBox {
        BoundingBox(
            centerX: (map.value(cell, 0) + Float(cell % map.width)) * stride,
            centerY: (map.value(cell, 1) + Float(cell / map.width)) * stride,
            width: exp(map.value(cell, 2)) * stride, height: exp(map.value(cell, 3)) * stride)
    }

    /// Σ i · softmax(x)ᵢ; with one bin the value itself.
    private static func expectation(_ map: FeatureMap, _ cell: Int, from first: Int, bins: Int) -> Float {
        guard bins > 1 else { return map.value(cell, first) }
        var largest = -Float.infinity
        for bin in 0..<bins { largest = max(largest, map.value(cell, first + bin)) }
        var (sum, weighted) = (Float(0), Float(0))
        for bin in 0..<bins {
            let weight = exp(map.value(cell, first + bin) - largest)
            sum += weight
            weighted += weight * Float(bin)
        }
        return weighted / sum
    }

    private func decodeAnchors(
        _ map: FeatureMap, _ level: RawHead.Level, _ anchor: Int, into detections: inout [Detection]
    ) {
        let first = anchor * (5 + head.classes)
        let stride = Float(level.stride)
        let size = level.anchors[anchor]
        map.forEachCell(reaching: threshold, channel: first + 4) { cell in
            let (index, logit) = best(map, cell, from: first + 5)
            let score = sigmoid(map.value(cell, first + 4)) * sigmoid(logit)
            guard score >= confidence else { return }
            func value(_ channel: Int) -> Float { 2 * sigmoid(map.value(cell, first + channel)) }
            let x = (value(0) - 0.5 + Float(cell % map.width)) * stride
            let y = (value(1) - 0.5 + Float(cell / map.width)) * stride
            let (w, h) = (value(2), value(3))
            let box = BoundingBox(centerX: x, centerY: y, width: w * w * size.x, height: h * h * size.y)
            append(box, index, score, into: &detections)
        }
    }

    private func decodeCells(
        _ boxes: FeatureMap, _ objectness: FeatureMap, _ classes: FeatureMap, stride: Float,
        into detections: inout [Detection]
    ) {
        objectness.forEachCell(reaching: threshold) { cell in
            let (index, logit) = best(classes, cell, from: 0)
            let score = sigmoid(objectness.value(cell, 0)) * sigmoid(logit)
            guard score >= confidence else { return }
            append(cellBox(boxes, cell, stride: stride), index, score, into: &detections)
        }
    }
}

private func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
