package import Graphs

/// A detector without anchors: a backbone of cross-stage blocks, a neck that joins three sizes downwards and upwards (Lin
/// et al. 2017; Liu et al. 2018), and a head with distributions of distances (Li et al. 2020) beside the classes: the
/// network that is known as YOLOv8 (Jocher et al. 2023).
///
///     let model = try YOLO(names: ["cat", "dog"], width: 0.125).graph(seed: 7)
///
/// Input "images" (N×3×H×W, RGB in 0…1, sides multiples of 32); output "detections", N×(4 + classes)×A: centre, width and
/// height in pixels, then the classes' probabilities, at A cells of strides 8, 16 and 32.
///
/// Losses start from the maps before that, the values `boxesName` and `classesName` of each stride.
package struct YOLO: Hashable, Sendable {
    package static let strides = [8, 16, 32]

    package var names: [String]
    /// A factor of all widths, which are 64 … 1024 at 1 and become multiples of 8.
    package var width: Double
    /// A factor of the numbers of pairs in blocks, which are 3 and 6 at 1.
    package var depth: Double
    package var greatestWidth: Int
    /// Of each distance's distribution; the greatest distance is bins − 1 cells.
    package var bins: Int
    /// What models say of the size that they were trained for; nil: nothing.
    package var imageSize: Size2D?

    package var classes: Int { names.count }

    /// As it is, with 80 classes: YOLOv8n.
    package init(
        names: [String], width: Double = 0.25, depth: Double = 1.0 / 3, greatestWidth: Int = 1024, bins: Int = 16,
        imageSize: Size2D? = nil
    ) {
        self.names = names
        self.width = width
        self.depth = depth
        self.greatestWidth = greatestWidth
        self.bins = bins
        self.imageSize = imageSize
    }

    /// N×4·bins×h×w: for left, top, right and bottom, `bins` logits each.
    package static func boxesName(stride: Int) -> String { "head.stride\(stride).boxes" }

    /// N×classes×h×w: logits.
    package static func classesName(stride: Int) -> String { "head.stride\(stride).classes" }

    package func graph(seed: UInt64 = 0) throws(GraphError) -> Graph {
        guard classes > 0, bins > 1 else { throw GraphError(.invalidAttribute("\(classes) classes, \(bins) bins")) }
        var net = ModelBuilder(name: "yolo", seed: seed)
        net.metadata["task"] = "detect"
        net.metadata["stride"] = "32"
        net.metadata["names"] = pythonList(names)
        if let imageSize { net.metadata["imgsz"] = "[\(imageSize.height), \(imageSize.width)]" }
        let images = net.images(channels: 3)
        let levels = try neck(backbone(images, &net), &net)
        let maps = try zip(levels, YOLO.strides).map { level, stride throws(GraphError) in
            try net.distanceHead(level, stride: stride, head: headWidths, classes: classes, bins: bins)
        }
        net.output(try net.detections(maps, bins: bins), name: "detections")
        return net.graph
    }

    // MARK: Backbone and neck

    /// The maps of strides 8, 16 and 32 with their channels.
    private func backbone(
        _ images: ValueID, _ net: inout ModelBuilder
    ) throws(GraphError) -> [(map: ValueID, channels: Int)] {
        try net.scope("backbone") { net throws(GraphError) in
            var current = scaled(64)
            var h = try net.detectorBlock(images, from: 3, to: current, kernel: 3, stride: 2, name: "stem")
            var levels = [(map: ValueID, channels: Int)]()
            for (stage, (channels, count)) in [(128, 3), (256, 6), (512, 6), (1024, 3)].enumerated() {
                let next = scaled(channels)
                h = try net.detectorBlock(h, from: current, to: next, kernel: 3, stride: 2, name: "down\(stage)")
                h = try net.crossStageBlock(
                    h, from: next, to: next, count: repeated(count), addsInput: true, name: "stage\(stage)")
                current = next
                if stage > 0 { levels.append((h, current)) }
            }
            levels[2].map = try net.pyramidPooling(h, from: current, to: current)
            return levels
        }
    }

    /// Downwards, each size gets what the smaller ones saw; upwards, what the larger ones saw.
    private func neck(
        _ levels: [(map: ValueID, channels: Int)], _ net: inout ModelBuilder
    ) throws(GraphError) -> [(map: ValueID, channels: Int)] {
        try net.scope("neck") { net throws(GraphError) in
            var levels = levels
            let count = repeated(3)
            let widths = levels.map(\.channels)
            // The map that goes upwards to each size keeps its first form.
            let top = levels[2]
            for index in [1, 0] {
                let joined = try net.nodes.concat(
                    [net.upsample(levels[index + 1].map), levels[index].map], axis: 1)
                levels[index].map = try net.crossStageBlock(
                    joined, from: levels[index + 1].channels + levels[index].channels, to: widths[index],
                    count: count, addsInput: false, name: "down\(index)")
            }
            let middle = levels[1]
            for (index, other) in [(1, middle), (2, top)] {
                let below = levels[index - 1]
                let halved = try net.detectorBlock(
                    below.map, from: below.channels, to: below.channels, kernel: 3, stride: 2, name: "halve\(index)")
                levels[index].map = try net.crossStageBlock(
                    net.nodes.concat([halved, other.map], axis: 1), from: below.channels + other.channels,
                    to: widths[index], count: count, addsInput: false, name: "up\(index)")
            }
            return levels
        }
    }

    /// Of the head's branches for boxes and classes.
    private var headWidths: (boxes: Int, classes: Int) {
        let first = scaled(256)
        return (max(16, first / 4, 4 * bins), max(first, min(classes, 100)))
    }

    private func scaled(_ channels: Int) -> Int {
        max((Int((Double(min(channels, greatestWidth)) * width).rounded(.up)) + 7) / 8 * 8, 8)
    }

    private func repeated(_ count: Int) -> Int { max(Int((Double(count) * depth).rounded()), 1) }
}

/// The names as a Python literal, which metadata of detectors are written in: {0: 'cat', 1: 'dog'}.
private func pythonList(_ names: [String]) -> String {
    let items = names.enumerated().map { index, name in
        let text = name.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        return "\(index): '\(text)'"
    }
    return "{" + items.joined(separator: ", ") + "}"
}
