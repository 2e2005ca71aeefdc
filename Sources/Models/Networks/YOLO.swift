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
    /// A halving of the image, and a cross-stage block behind it.
    package struct Stage: Hashable, Sendable {
        package var channels: Int
        /// Of pairs of convolutions in the block.
        package var count: Int

        package init(channels: Int, count: Int) {
            self.channels = channels
            self.count = count
        }
    }

    /// A branch of the head: `depth` 3×3 blocks of `width` channels.
    package struct Branch: Hashable, Sendable {
        package var width: Int
        package var depth: Int

        package init(width: Int, depth: Int) {
            self.width = width
            self.depth = depth
        }
    }

    package static let strides = [8, 16, 32]

    package var names: [String]
    /// Channels at stride 2.
    package var stem: Int
    /// At strides 4, 8, 16 and 32.
    package var stages: [Stage]
    /// Channels behind the neck, at strides 8, 16 and 32, and the pairs of its blocks.
    package var neck: [Int]
    package var neckCount: Int
    package var boxBranch: Branch
    package var classBranch: Branch
    /// Of each distance's distribution; the greatest distance is bins − 1 cells.
    package var bins: Int
    /// What models say of the size that they were trained for; nil: nothing.
    package var imageSize: Size2D?
    /// What models say of the overlap above which the weaker of two boxes is best dropped; nil: nothing.
    package var suppressionIoU: Double?

    package var classes: Int { names.count }

    /// The project's own detector: 1.09 GMAC at 416×416 and 1.6 million parameters, all of them in dense convolutions whose
    /// channels are multiples of 16, so that they fill the vectors of 8-bit products. The head is light, since at stride 8
    /// each of its layers costs more than a block of the backbone.
    package static func saccadeN(names: [String], imageSize: Size2D? = Size2D(416)) -> YOLO {
        let branch = Branch(width: 48, depth: 1)
        var model = YOLO(
            names: names, stem: 16,
            stages: [
                Stage(channels: 32, count: 1), Stage(channels: 64, count: 2), Stage(channels: 128, count: 2),
                Stage(channels: 192, count: 1),
            ],
            neck: [64, 96, 128], neckCount: 1, boxBranch: branch, classBranch: branch, bins: 8, imageSize: imageSize)
        model.suppressionIoU = 0.55
        return model
    }

    package init(
        names: [String], stem: Int, stages: [Stage], neck: [Int], neckCount: Int, boxBranch: Branch,
        classBranch: Branch, bins: Int, imageSize: Size2D? = nil
    ) {
        self.names = names
        self.stem = stem
        self.stages = stages
        self.neck = neck
        self.neckCount = neckCount
        self.boxBranch = boxBranch
        self.classBranch = classBranch
        self.bins = bins
        self.imageSize = imageSize
    }

    /// YOLOv8 by its factors; as it is, with 80 classes, YOLOv8n.
    ///
    /// - Parameters:
    ///   - width: of all widths, which are 64 … 1024 at 1 and become multiples of 8.
    ///   - depth: of the numbers of pairs in blocks, which are 3 and 6 at 1.
    package init(
        names: [String], width: Double = 0.25, depth: Double = 1.0 / 3, greatestWidth: Int = 1024, bins: Int = 16,
        imageSize: Size2D? = nil
    ) {
        func scaled(_ channels: Int) -> Int {
            max((Int((Double(min(channels, greatestWidth)) * width).rounded(.up)) + 7) / 8 * 8, 8)
        }
        func repeated(_ count: Int) -> Int { max(Int((Double(count) * depth).rounded()), 1) }
        let stages = [(128, 3), (256, 6), (512, 6), (1024, 3)].map { channels, count in
            Stage(channels: scaled(channels), count: repeated(count))
        }
        let first = scaled(256)
        self.init(
            names: names, stem: scaled(64), stages: stages, neck: stages.dropFirst().map(\.channels),
            neckCount: repeated(3), boxBranch: Branch(width: max(16, first / 4, 4 * bins), depth: 2),
            classBranch: Branch(width: max(first, min(names.count, 100)), depth: 2), bins: bins, imageSize: imageSize)
    }

    /// N×4·bins×h×w: for left, top, right and bottom, `bins` logits each.
    package static func boxesName(stride: Int) -> String { "head.stride\(stride).boxes" }

    /// N×classes×h×w: logits.
    package static func classesName(stride: Int) -> String { "head.stride\(stride).classes" }

    /// What its files say of it, as detectors' exports do.
    package var metadata: [String: String] {
        var metadata = ["task": "detect", "stride": "32", "names": pythonList(names)]
        if let suppressionIoU { metadata["iou"] = "\(suppressionIoU)" }
        if let imageSize { metadata["imgsz"] = "[\(imageSize.height), \(imageSize.width)]" }
        return metadata
    }

    package func graph(seed: UInt64 = 0) throws(GraphError) -> Graph {
        guard classes > 0, bins > 1 else { throw GraphError(.invalidAttribute("\(classes) classes, \(bins) bins")) }
        guard stages.count == 4, neck.count == 3 else {
            throw GraphError(.invalidAttribute("\(stages.count) stages, \(neck.count) widths of the neck"))
        }
        var net = ModelBuilder(name: "yolo", seed: seed)
        net.metadata = metadata
        let images = net.images(channels: 3)
        let levels = try neck(backbone(images, &net), &net)
        let maps = try zip(levels, YOLO.strides).map { level, stride throws(GraphError) in
            try net.distanceHead(
                level, stride: stride, boxes: boxBranch, scores: classBranch, classes: classes, bins: bins)
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
            var current = stem
            var h = try net.detectorBlock(images, from: 3, to: current, kernel: 3, stride: 2, name: "stem")
            var levels = [(map: ValueID, channels: Int)]()
            for (index, stage) in stages.enumerated() {
                let next = stage.channels
                h = try net.detectorBlock(h, from: current, to: next, kernel: 3, stride: 2, name: "down\(index)")
                h = try net.crossStageBlock(
                    h, from: next, to: next, count: stage.count, addsInput: true, name: "stage\(index)")
                current = next
                if index > 0 { levels.append((h, current)) }
            }
            levels[2] = (try net.pyramidPooling(h, from: current, to: neck[2]), neck[2])
            return levels
        }
    }

    /// Downwards, each size gets what the smaller ones saw; upwards, what the larger ones saw.
    private func neck(
        _ levels: [(map: ValueID, channels: Int)], _ net: inout ModelBuilder
    ) throws(GraphError) -> [(map: ValueID, channels: Int)] {
        try net.scope("neck") { net throws(GraphError) in
            var levels = levels
            // The map that goes upwards to each size keeps its first form.
            let top = levels[2]
            for index in [1, 0] {
                let joined = try net.nodes.concat(
                    [net.upsample(levels[index + 1].map), levels[index].map], axis: 1)
                levels[index].map = try net.crossStageBlock(
                    joined, from: levels[index + 1].channels + levels[index].channels, to: neck[index],
                    count: neckCount, addsInput: false, name: "down\(index)")
                levels[index].channels = neck[index]
            }
            let middle = levels[1]
            for (index, other) in [(1, middle), (2, top)] {
                let below = levels[index - 1]
                let halved = try net.detectorBlock(
                    below.map, from: below.channels, to: below.channels, kernel: 3, stride: 2, name: "halve\(index)")
                levels[index].map = try net.crossStageBlock(
                    net.nodes.concat([halved, other.map], axis: 1), from: below.channels + other.channels,
                    to: neck[index], count: neckCount, addsInput: false, name: "up\(index)")
            }
            return levels
        }
    }
}

/// The names as a Python literal, which metadata of detectors are written in: {0: 'cat', 1: 'dog'}.
private func pythonList(_ names: [String]) -> String {
    let items = names.enumerated().map { index, name in
        let text = name.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        return "\(index): '\(text)'"
    }
    return "{" + items.joined(separator: ", ") + "}"
}
