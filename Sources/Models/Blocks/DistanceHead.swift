import Foundation
package import Graphs
import Tensors

/// The maps of a detector's head at one stride.
package struct DistanceMaps: Sendable {
    package let stride: Int
    /// N×4·bins×h×w.
    package let boxes: ValueID
    /// N×classes×h×w.
    package let classes: ValueID

    package init(stride: Int, boxes: ValueID, classes: ValueID) {
        self.stride = stride
        self.boxes = boxes
        self.classes = classes
    }
}

extension ModelBuilder {
    /// Two branches of 3×3 blocks and a 1×1 convolution: distances of the four edges from a cell's centre as
    /// distributions over 0 … bins − 1 cells, and logits of the classes.
    package mutating func distanceHead(
        _ level: (map: ValueID, channels: Int), stride: Int, boxes boxBranch: YOLO.Branch,
        scores classBranch: YOLO.Branch, classes: Int, bins: Int
    ) throws(GraphError) -> DistanceMaps {
        // A cell begins with few objects: 5 on an image of 640 × 640 (Lin et al. 2017).
        let cells = Float(640 / stride * (640 / stride))
        let bias = log(5 / Float(classes) / cells)
        let boxes = try branch(
            level, boxBranch, to: 4 * bins, biases: .ones, name: "head.stride\(stride).boxes")
        let scores = try branch(
            level, classBranch, to: classes, biases: .constant(bias), name: "head.stride\(stride).classes")
        return DistanceMaps(stride: stride, boxes: boxes, classes: scores)
    }

    private mutating func branch(
        _ level: (map: ValueID, channels: Int), _ form: YOLO.Branch, to outputs: Int, biases: Initializer, name: String
    ) throws(GraphError) -> ValueID {
        var (h, current) = level
        for index in 0..<form.depth {
            h = try detectorBlock(h, from: current, to: form.width, kernel: 3, name: "\(name).block\(index)")
            current = form.width
        }
        return try convolution(h, from: current, to: outputs, kernel: 1, biases: biases, name: name)
    }

    /// Boxes and probabilities from the maps of all strides: N×(4 + classes)×A, where the first four rows are centre, width
    /// and height in pixels.
    package mutating func detections(_ maps: [DistanceMaps], bins: Int) throws(GraphError) -> ValueID {
        var (distances, scores, centers, strides) = ([ValueID](), [ValueID](), [ValueID](), [ValueID]())
        for map in maps {
            distances.append(try nodes.reshape(map.boxes, [0, 4 * bins, -1]))
            scores.append(try nodes.reshape(map.classes, [0, 0, -1]))
            let (center, stride) = try cells(map)
            centers.append(center)
            strides.append(stride)
        }
        let stride = try nodes.concat(strides, axis: 1)
        // N×4×A: the expectation over N×4×bins×A.
        let logits = try nodes.reshape(nodes.concat(distances, axis: 2), [0, 4, bins, -1])
        let likely = try nodes.node(.softmax(axis: 2), [logits])
        let places: ValueID
        do {
            places = try nodes.constant((0..<bins).map { Float($0) }, [bins, 1])
        } catch { throw GraphError(.tooLarge) }
        let expected = try nodes.sum(nodes.multiply(likely, places), axes: [2])
        let sides = try nodes.split(expected, axis: 1, sizes: [2, 2])
        let center = try nodes.concat(centers, axis: 1)
        let first = try nodes.subtract(center, sides[0])
        let last = try nodes.add(center, sides[1])
        let middle = try nodes.scale(nodes.add(first, last), by: 0.5)
        let boxes = try nodes.multiply(nodes.concat([middle, nodes.subtract(last, first)], axis: 1), stride)
        let probabilities = try nodes.unary(.sigmoid, nodes.concat(scores, axis: 2))
        return try nodes.concat([boxes, probabilities], axis: 1)
    }

    /// The centres of a map's cells (2×h·w: x, y, in cells) and their stride (1×h·w).
    private mutating func cells(_ map: DistanceMaps) throws(GraphError) -> (centers: ValueID, stride: ValueID) {
        let size = try nodes.node(.shapeOf(start: 2, end: 4), [map.boxes])
        var rows = [ValueID]()
        for axis in [3, 2] {
            let places = try nodes.shift(nodes.cast(nodes.indices(map.boxes, axis: axis), to: .float32), by: 0.5)
            let column = axis == 3 ? places : try nodes.unsqueeze(places, axis: 1)
            rows.append(try nodes.reshape(nodes.node(.expand, [column, size]), [1, -1]))
        }
        let centers = try nodes.concat(rows, axis: 0)
        let area = try nodes.reduce(.prod, size, keepsDimensions: true)
        let row = try nodes.concat([nodes.list([1]), area], axis: 0)
        return (centers, try nodes.node(.expand, [nodes.scalar(Float(map.stride)), row]))
    }
}
