import Graphs
import Tensors

/// Small detectors with the tails that exporters write: a convolution for each of the strides 8, 16, 32, the maps of a
/// head, and the tail. The weights are pseudorandom.
struct HeadFixtures {
    enum Tail: String, CaseIterable {
        case distances16, distances1, relu, yolov5, yolox, yoloxDecoded, endToEnd
        // Tails that say something else than they seem to.
        case coldSigmoid, mirroredBins, shiftedCells
    }

    static let classes = 5
    let tail: Tail
    let height: Int
    let width: Int
    /// Whether image, weights, features and maps are quantized, and the scores in the tail too.
    let isQuantized: Bool
    /// How a quantized image stands for numbers.
    let pixels: (scale: Float, zeroPoint: UInt8)

    private var seed: UInt64 = 3
    private var builder = GraphBuilder(name: "fixture")

    private init(
        _ tail: Tail, height: Int, width: Int, isQuantized: Bool, pixels: (scale: Float, zeroPoint: UInt8)?
    ) {
        self.tail = tail
        self.height = height
        self.width = width
        self.isQuantized = isQuantized
        self.pixels = pixels ?? (tail == .yolox ? 1 : 1 / 255, 0)
    }

    private var grids: [(stride: Int, height: Int, width: Int)] {
        [8, 16, 32].map { ($0, height / $0, width / $0) }
    }

    static func graph(
        _ tail: Tail, height: Int = 96, width: Int = 128, isQuantized: Bool = false,
        pixels: (scale: Float, zeroPoint: UInt8)? = nil
    ) throws -> Graph {
        var fixture = HeadFixtures(tail, height: height, width: width, isQuantized: isQuantized, pixels: pixels)
        return try fixture.build()
    }

    private mutating func build() throws -> Graph {
        let image = try rounded(
            builder.input("images", [1, 3, height, width]), scale: pixels.scale, zeroPoint: pixels.zeroPoint)
        var features = [ValueID]()
        for stride in [8, 16, 32] {
            let x = try convolution(image, 3, 8, kernel: stride, stride: stride, gain: tail == .yolox ? 0.5 / 255 : 0.5)
            features.append(try rounded(builder.node(.unary(.relu), [x]), scale: 0.01, zeroPoint: 0))
        }
        let output: ValueID
        switch tail {
        case .distances16, .distances1, .relu, .coldSigmoid, .mirroredBins, .shiftedCells, .endToEnd:
            output = try distances(features)
        case .yolov5: output = try yolov5(features)
        case .yolox, .yoloxDecoded: output = try yolox(features)
        }
        builder.output(output, name: "output0")
        return builder.graph
    }

    private mutating func random() -> Float {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(seed >> 40) / Float(1 << 24) * 2 - 1
    }

    private mutating func convolution(
        _ x: ValueID, _ inputs: Int, _ outputs: Int, kernel: Int = 1, stride: Int = 1, gain: Float = 1, bias: Float = 0
    ) throws -> ValueID {
        let count = inputs * kernel * kernel
        let scale = gain * 3 / Float(count).squareRoot()
        let values = (0..<outputs * count).map { _ in random() * scale }
        let biases = (0..<outputs).map { _ in random() * gain + bias }
        let shape = [outputs, inputs, kernel, kernel]
        let op = Operator.convolution(Convolution(window: Window(strides: Size2D(stride))))
        guard isQuantized else {
            return try builder.node(op, [x, builder.constant(values, shape), builder.constant(biases, [outputs])])
        }
        let step = scale / 127
        let integers = try builder.constant(values.map { Int8(($0 / step).rounded()) }, shape)
        let weights = try builder.node(
            .dequantizeLinear(axis: 0),
            [
                integers, builder.constant(Array(repeating: step, count: outputs), [outputs]),
                builder.constant(Array(repeating: Int8(0), count: outputs), [outputs]),
            ])
        return try builder.node(op, [x, weights, builder.constant(biases, [outputs])])
    }

    /// The feature map of a head.
    private mutating func map(_ x: ValueID, _ channels: Int, gain: Float, bias: Float = 0) throws -> ValueID {
        try rounded(convolution(x, 8, channels, gain: gain, bias: bias), scale: 0.06, zeroPoint: 120)
    }

    /// Quantized and dequantized again, where the fixture is quantized.
    private mutating func rounded(_ x: ValueID, scale: Float, zeroPoint: UInt8) throws -> ValueID {
        guard isQuantized else { return x }
        let (scale, zero) = (try builder.constant([scale], []), try builder.constant([zeroPoint], []))
        let bytes = try builder.node(.quantizeLinear(axis: 0), [x, scale, zero])
        return try builder.node(.dequantizeLinear(axis: 0), [bytes, scale, zero])
    }

    private mutating func scalar(_ value: Float) throws -> ValueID { try builder.constant([value], []) }

    private mutating func binary(_ function: BinaryFunction, _ a: ValueID, _ b: ValueID) throws -> ValueID {
        try builder.node(.binary(function), [a, b])
    }

    private mutating func reshape(_ x: ValueID, _ shape: [Int]) throws -> ValueID {
        try builder.node(.reshape(allowsZero: false), [x, builder.integers(shape)])
    }

    private mutating func slice(_ x: ValueID, axis: Int, _ range: Range<Int>) throws -> ValueID {
        try builder.node(
            .slice,
            [
                x, builder.integers([range.lowerBound]), builder.integers([range.upperBound]), builder.integers([axis]),
            ])
    }

    /// 1×2×A: the centres of all cells, in cells (offset by a half), and 1×A: their strides.
    private mutating func anchorPoints(offset: Float = 0.5) throws -> (points: ValueID, strides: ValueID, count: Int) {
        var (xs, ys, strides) = ([Float](), [Float](), [Float]())
        for grid in grids {
            for cell in 0..<grid.width * grid.height {
                xs.append(Float(cell % grid.width) + offset)
                ys.append(Float(cell / grid.width) + offset)
                strides.append(Float(grid.stride))
            }
        }
        return (
            try builder.constant(xs + ys, [1, 2, xs.count]), try builder.constant(strides, [1, xs.count]), xs.count
        )
    }

    private mutating func distances(_ features: [ValueID]) throws -> ValueID {
        let bins = [.distances1, .relu, .endToEnd].contains(tail) ? 1 : 16
        var (boxMaps, classMaps) = ([ValueID](), [ValueID]())
        for feature in features {
            var boxes = try convolution(feature, 8, 4 * bins, gain: 2, bias: bins == 1 ? 2 : 0)
            if tail == .relu { boxes = try builder.node(.unary(.relu), [boxes]) }
            boxes = try rounded(boxes, scale: 0.06, zeroPoint: 120)
            let classes = try map(feature, Self.classes, gain: 2, bias: -2)
            boxMaps.append(try reshape(boxes, [1, 4 * bins, -1]))
            classMaps.append(try reshape(classes, [1, Self.classes, -1]))
        }
        var boxes = try builder.node(.concat(axis: 2), boxMaps)
        var classes = try builder.node(.concat(axis: 2), classMaps)
        let (points, strides, count) = try anchorPoints(offset: tail == .shiftedCells ? 0.4 : 0.5)
        if bins > 1 {
            boxes = try reshape(boxes, [1, 4, bins, count])
            boxes = try builder.node(.transpose(permutation: [0, 2, 1, 3]), [boxes])
            boxes = try builder.node(.softmax(axis: 1), [boxes])
            let order = (0..<bins).map { Float(tail == .mirroredBins ? bins - 1 - $0 : $0) }
            boxes = try builder.node(.convolution(Convolution()), [boxes, table(order, [1, bins, 1, 1]), nil])
            boxes = try reshape(boxes, [1, 4, count])
        }
        let low = try binary(.sub, points, slice(boxes, axis: 1, 0..<2))
        let high = try binary(.add, points, slice(boxes, axis: 1, 2..<4))
        if tail == .coldSigmoid { classes = try binary(.mul, classes, scalar(1.05)) }
        // An exporter's tool rounds here too: every score to a multiple of 1/255.
        classes = try rounded(builder.node(.unary(.sigmoid), [classes]), scale: 1 / 255, zeroPoint: 0)
        if tail == .endToEnd {
            let corners = try binary(.mul, builder.node(.concat(axis: 1), [low, high]), strides)
            return try select(corners, classes, count: count, rows: 60)
        }
        let center = try binary(.div, binary(.add, low, high), scalar(2))
        let size = try binary(.sub, high, low)
        boxes = try binary(.mul, builder.node(.concat(axis: 1), [center, size]), strides)
        return try builder.node(.concat(axis: 1), [boxes, classes])
    }

    /// A constant of the tail (numbers of the bins, places of the cells, anchors); quantized it is not quite exact.
    private mutating func table(_ values: [Float], _ shape: [Int]) throws -> ValueID {
        guard isQuantized else { return try builder.constant(values, shape) }
        let step = (values.map(abs).max() ?? 1) / 127
        return try builder.node(
            .dequantizeLinear(axis: 0),
            [builder.constant(values.map { Int8(($0 / step).rounded()) }, shape), scalar(step), nil])
    }

    /// The best `rows` pairs of anchor and class, as YOLOv10 selects them, to 1×rows×6.
    private mutating func select(_ boxes: ValueID, _ scores: ValueID, count: Int, rows: Int) throws -> ValueID {
        let boxes = try builder.node(.transpose(permutation: [0, 2, 1]), [boxes])
        let scores = try builder.node(.transpose(permutation: [0, 2, 1]), [scores])
        let best = try builder.node(.reduce(Reduce(.max, axes: [2], keepsDimensions: false)), [scores])
        let anchors = try builder.nodes(
            .topK(axis: 1, largest: true), [best, builder.integers([rows])], outputCount: 2)[1]
        let column = try builder.node(.unsqueeze(axes: [2]), [anchors])
        let chosenBoxes = try builder.node(
            .gatherElements(axis: 1), [boxes, builder.node(.tile, [column, builder.integers([1, 1, 4])])])
        let chosenScores = try builder.node(
            .gatherElements(axis: 1),
            [scores, builder.node(.expand, [column, builder.integers([1, rows, Self.classes])])])
        let flat = try reshape(chosenScores, [1, -1])
        let top = try builder.nodes(
            .topK(axis: 1, largest: true), [flat, builder.integers([rows])], outputCount: 2)
        let classCount = try builder.constant([Int64(Self.classes)], [])
        let label = try builder.node(.cast(to: .float32), [binary(.mod, top[1], classCount)])
        let row = try binary(.div, top[1], classCount)
        let rowColumn = try builder.node(.unsqueeze(axes: [2]), [row])
        let finalBoxes = try builder.node(
            .gatherElements(axis: 1), [chosenBoxes, builder.node(.tile, [rowColumn, builder.integers([1, 1, 4])])])
        return try builder.node(
            .concat(axis: 2),
            [
                finalBoxes, builder.node(.unsqueeze(axes: [2]), [top[0]]),
                builder.node(.unsqueeze(axes: [2]), [label]),
            ])
    }

    private mutating func yolov5(_ features: [ValueID]) throws -> ValueID {
        let values = 5 + Self.classes
        let anchors: [[Float]] = [[9, 12, 15, 29, 32, 22], [31, 60, 61, 44, 58, 118], [50, 90, 70, 80, 100, 99]]
        var rows = [ValueID]()
        for (index, feature) in features.enumerated() {
            let (stride, h, w) = grids[index]
            let map = try map(feature, 3 * values, gain: 2)
            var x = try reshape(map, [1, 3, values, h, w])
            x = try builder.node(.transpose(permutation: [0, 1, 3, 4, 2]), [x])
            x = try builder.node(.unary(.sigmoid), [x])
            let parts = try builder.nodes(
                .split(axis: 4), [x, builder.integers([2, 2, values - 4])], outputCount: 3)
            var cells = [Float]()
            for cell in 0..<h * w { cells += [Float(cell % w) - 0.5, Float(cell / w) - 0.5] }
            var xy = try binary(.mul, parts[0], scalar(2))
            xy = try binary(.add, xy, table(cells, [1, 1, h, w, 2]))
            xy = try binary(.mul, xy, scalar(Float(stride)))
            var wh = try binary(.pow, binary(.mul, parts[1], scalar(2)), scalar(2))
            wh = try binary(.mul, wh, table(anchors[index], [1, 3, 1, 1, 2]))
            let joined = try builder.node(.concat(axis: 4), [xy, wh, parts[2]])
            rows.append(try reshape(joined, [1, 3 * h * w, values]))
        }
        return try builder.node(.concat(axis: 1), rows)
    }

    private mutating func yolox(_ features: [ValueID]) throws -> ValueID {
        var maps = [ValueID]()
        for feature in features {
            // The order in which YOLOX computes them is not the order in which it joins them.
            let classes = try builder.node(.unary(.sigmoid), [map(feature, Self.classes, gain: 2)])
            let boxes = try map(feature, 4, gain: 0.5)
            let objectness = try builder.node(.unary(.sigmoid), [map(feature, 1, gain: 2)])
            let joined = try builder.node(.concat(axis: 1), [boxes, objectness, classes])
            maps.append(try reshape(joined, [1, 5 + Self.classes, -1]))
        }
        let rows = try builder.node(
            .transpose(permutation: [0, 2, 1]), [builder.node(.concat(axis: 2), maps)])
        guard tail == .yoloxDecoded else { return rows }
        let (points, strides, count) = try anchorPoints(offset: 0)
        let column = try reshape(strides, [1, count, 1])
        let cells = try builder.node(.transpose(permutation: [0, 2, 1]), [points])
        let xy = try binary(.mul, binary(.add, slice(rows, axis: 2, 0..<2), cells), column)
        let wh = try binary(.mul, builder.node(.unary(.exp), [slice(rows, axis: 2, 2..<4)]), column)
        return try builder.node(.concat(axis: 2), [xy, wh, slice(rows, axis: 2, 4..<5 + Self.classes)])
    }
}
