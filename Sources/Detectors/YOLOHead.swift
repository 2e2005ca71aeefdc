/// The layouts in which YOLO exports deliver their boxes, found from the shapes of a model's outputs and from its
/// metadata, with their decoders in `YOLOHead+Decode.swift`.
///
/// `A` is the number of anchors (positions), `C` of classes. Boxes are in pixels of the network's input canvas.
package enum YOLOHead: Hashable, Sendable {
    /// YOLOv8, 11, 26 and this project's own: 1×(4+C)×A; centre x, y, width, height, then class probabilities.
    case yolov8(classes: Int, anchors: Int)
    /// YOLOv5 decoded: 1×A×(5+C); centre x, y, width, height, objectness, then class probabilities.
    case yolov5(classes: Int, anchors: Int)
    /// YOLOv5 before decoding: one output a level, 1×3×h×w×(5+C) or 1×3(5+C)×h×w, logits.
    case yolov5Raw(classes: Int, levels: [Level])
    /// YOLOX before decoding: 1×A×(5+C); offsets in cells, logarithms of sizes, then probabilities.
    case yolox(classes: Int, levels: [Level])
    /// End to end (YOLOv10, 26): 1×N×6; left, top, right, bottom, score, class, after the network's own selection.
    case endToEnd(rows: Int)

    /// One grid of a head: `width`×`height` cells of `stride` input pixels.
    package struct Level: Hashable, Sendable {
        package let stride: Int
        package let width: Int
        package let height: Int
        /// Where class and box values stand in a raw YOLOv5 level: last (1×3×h×w×(5+C)) or before the cells.
        package let valuesLast: Bool
        /// The level's place among the outputs.
        package let output: Int

        package init(stride: Int, width: Int, height: Int, valuesLast: Bool = true, output: Int = 0) {
            self.stride = stride
            self.width = width
            self.height = height
            self.valuesLast = valuesLast
            self.output = output
        }

        package var cells: Int { width * height }
    }

    /// What the user calls it (`--head`), and what `inspect` prints.
    package enum Name: String, CaseIterable, Sendable {
        case yolov8, yolov5
        case yolov5Raw = "yolov5-raw"
        case yolox
        case endToEnd = "end-to-end"
    }

    package var name: Name {
        switch self {
        case .yolov8: .yolov8
        case .yolov5: .yolov5
        case .yolov5Raw: .yolov5Raw
        case .yolox: .yolox
        case .endToEnd: .endToEnd
        }
    }

    /// The number of classes; `nil` where the layout does not tell.
    package var classes: Int? {
        switch self {
        case .yolov8(let classes, _), .yolov5(let classes, _), .yolov5Raw(let classes, _), .yolox(let classes, _):
            classes
        case .endToEnd: nil
        }
    }

    /// Whether the network has already removed overlapping boxes.
    package var isSuppressed: Bool { name == .endToEnd }
}

extension YOLOHead {
    /// The grids of a head over an input of the given size, for strides 8, 16, 32 (and 64).
    static func levels(width: Int, height: Int, upTo largestStride: Int) -> [Level] {
        var levels: [Level] = []
        var stride = 8
        while stride <= largestStride {
            levels.append(Level(stride: stride, width: width / stride, height: height / stride))
            stride *= 2
        }
        return levels
    }

    /// Finds the head from the shapes of the outputs.
    ///
    /// - Parameters:
    ///   - outputs: the outputs' shapes, in order.
    ///   - width: the width of the network's input.
    ///   - height: the height of the network's input.
    ///   - classes: the number of classes, where the metadata names them.
    ///   - wanted: the head that the user demands.
    /// - Throws: `DetectorError` that lists the shapes when no known head fits.
    package static func infer(
        outputs: [[Int]], width: Int, height: Int, classes: Int?, wanted: Name? = nil
    ) throws(DetectorError) -> YOLOHead {
        let fits = candidates(outputs: outputs, width: width, height: height, classes: classes)
        if let wanted {
            if let head = fits.first(where: { $0.name == wanted }) { return head }
            throw .unknownHead(outputs: outputs, wanted: wanted.rawValue)
        }
        if let head = fits.first { return head }
        throw .unknownHead(outputs: outputs, wanted: nil)
    }

    /// Every head that the shapes allow, the likeliest first.
    private static func candidates(outputs: [[Int]], width: Int, height: Int, classes: Int?) -> [YOLOHead] {
        if outputs.count > 1 {
            return rawLevels(outputs: outputs, width: width, height: height).map { [$0] } ?? []
        }
        guard let shape = outputs.first, shape.count == 3, shape[0] == 1 else { return [] }
        let (rows, columns) = (shape[1], shape[2])
        var heads: [YOLOHead] = []
        for largestStride in [32, 64] {
            let levels = levels(width: width, height: height, upTo: largestStride)
            let cells = levels.reduce(0) { $0 + $1.cells }
            if columns == cells, rows > 4 { heads.append(.yolov8(classes: rows - 4, anchors: columns)) }
            if rows == 3 * cells, columns > 5 { heads.append(.yolov5(classes: columns - 5, anchors: rows)) }
            if rows == cells, columns > 5 {
                heads.append(.yolox(classes: columns - 5, levels: levels))
                heads.append(.yolov5(classes: columns - 5, anchors: rows))
            }
        }
        if columns == 6 { heads.append(.endToEnd(rows: rows)) }
        guard let classes else { return heads }
        let agreeing = heads.filter { $0.classes == nil || $0.classes == classes }
        return agreeing.isEmpty ? heads : agreeing
    }

    private static func rawLevels(outputs: [[Int]], width: Int, height: Int) -> YOLOHead? {
        var levels: [Level] = []
        var classes: Int?
        for (index, shape) in outputs.enumerated() {
            let (rows, columns, values, valuesLast): (Int, Int, Int, Bool)
            if shape.count == 5, shape[0] == 1, shape[1] == 3 {
                (rows, columns, values, valuesLast) = (shape[2], shape[3], shape[4], true)
            } else if shape.count == 4, shape[0] == 1, shape[1] % 3 == 0 {
                (rows, columns, values, valuesLast) = (shape[2], shape[3], shape[1] / 3, false)
            } else {
                return nil
            }
            guard rows > 0, columns > 0, values > 5, width % columns == 0, height / rows == width / columns,
                classes == nil || classes == values - 5
            else { return nil }
            classes = values - 5
            levels.append(
                Level(
                    stride: width / columns, width: columns, height: rows, valuesLast: valuesLast, output: index))
        }
        levels.sort { $0.stride < $1.stride }
        guard let classes, levels.map(\.stride) == [8, 16, 32] else { return nil }
        return .yolov5Raw(classes: classes, levels: levels)
    }
}
