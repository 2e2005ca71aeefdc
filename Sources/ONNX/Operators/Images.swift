import Graphs
import Tensors

/// Convolution, normalization, pooling and resampling.
extension OperatorTable {
    static func conv(_ node: NodeImporter) throws(ONNXError) {
        let weights = try node.input(1)
        let rank = node.tensor(weights)?.shape.rank ?? node.declaredRank(weights) ?? 4
        let axes = try node.integers("kernel_shape")?.count ?? rank - 2
        let window = try window(node, axes: axes)
        let op = Operator.convolution(Convolution(window: window, groups: try node.integer("group", 1)))
        guard axes == 1 else { return try node.finish(op, [node.input(0), weights, node.optional(2)]) }
        // Along one axis: an image of height 1.
        let image = try node.make(.unsqueeze(axes: [2]), [node.input(0)])
        let kernel = try node.make(.unsqueeze(axes: [2]), [weights])
        let result = try node.make(op, [image, kernel, node.optional(2)])
        try node.finish(.squeeze(axes: [2]), [result])
    }

    static func maxPool(_ node: NodeImporter) throws(ONNXError) {
        guard try node.integer("storage_order", 0) == 0 else { throw node.invalid("storage_order is not 0") }
        try pool(node) { .maxPool($0) }
    }

    static func averagePool(_ node: NodeImporter) throws(ONNXError) {
        let countsPadding = try node.flag("count_include_pad")
        try pool(node) { .averagePool($0, countsPadding: countsPadding) }
    }

    private static func pool(_ node: NodeImporter, _ make: (Pool) -> Operator) throws(ONNXError) {
        guard let kernel = try node.integers("kernel_shape"), (1...2).contains(kernel.count) else {
            throw node.invalid("kernel_shape must have one or two extents")
        }
        let size = Size2D(height: kernel.count == 1 ? 1 : kernel[0], width: kernel[kernel.count - 1])
        let op = make(
            Pool(
                kernel: size, window: try window(node, axes: kernel.count), ceilMode: try node.flag("ceil_mode")))
        guard kernel.count == 1 else { return try node.finish(op, [node.input(0)]) }
        let image = try node.make(.unsqueeze(axes: [2]), [node.input(0)])
        try node.finish(.squeeze(axes: [2]), [try node.make(op, [image])])
    }

    static func globalAveragePool(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.globalAveragePool(.channelsFirst), [node.input(0)])
    }

    static func globalMaxPool(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.reduce(Reduce(.max, axes: [-2, -1])), [node.input(0)])
    }

    /// Strides, dilations and pads of one or two axes; one axis is a width.
    static func window(_ node: NodeImporter, axes: Int) throws(ONNXError) -> Window {
        guard (1...2).contains(axes) else { throw node.invalid("windows over \(axes) axes are not supported") }
        let strides = try node.integers("strides") ?? Array(repeating: 1, count: axes)
        let dilations = try node.integers("dilations") ?? Array(repeating: 1, count: axes)
        var pads = try node.integers("pads") ?? Array(repeating: 0, count: 2 * axes)
        guard strides.count == axes, dilations.count == axes, pads.count == 2 * axes else {
            throw node.invalid("strides, dilations or pads do not fit \(axes) axes")
        }
        let autoPadding: Window.AutoPadding
        switch try node.string("auto_pad", "NOTSET") {
        case "NOTSET", "": autoPadding = .explicit
        case "VALID":
            autoPadding = .explicit
            pads = Array(repeating: 0, count: 2 * axes)
        case "SAME_UPPER": autoPadding = .sameUpper
        case "SAME_LOWER": autoPadding = .sameLower
        case let other: throw node.invalid("auto_pad \"\(other)\" is not supported")
        }
        if autoPadding != .explicit { pads = Array(repeating: 0, count: 2 * axes) }
        if axes == 1 {
            return Window(
                strides: Size2D(height: 1, width: strides[0]), dilations: Size2D(height: 1, width: dilations[0]),
                padding: Padding2D(top: 0, left: pads[0], bottom: 0, right: pads[1]), autoPadding: autoPadding)
        }
        return Window(
            strides: Size2D(height: strides[0], width: strides[1]),
            dilations: Size2D(height: dilations[0], width: dilations[1]),
            padding: Padding2D(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3]),
            autoPadding: autoPadding)
    }

    static func resize(_ node: NodeImporter) throws(ONNXError) {
        if node.opset < 11 { return try simpleResize(node) }
        let mode = try resizeMode(node)
        let coordinates: Resize.Coordinates
        switch try node.string("coordinate_transformation_mode", "half_pixel") {
        case "asymmetric": coordinates = .asymmetric
        case "half_pixel": coordinates = .halfPixel
        case "pytorch_half_pixel": coordinates = .pytorchHalfPixel
        case "align_corners": coordinates = .alignCorners
        case let other: throw node.invalid("coordinate_transformation_mode \"\(other)\" is not supported")
        }
        let rounding: Resize.Rounding
        switch try node.string("nearest_mode", "round_prefer_floor") {
        case "round_prefer_floor": rounding = .preferFloor
        case "round_prefer_ceil": rounding = .preferCeil
        case "floor": rounding = .floor
        case "ceil": rounding = .ceil
        case let other: throw node.invalid("nearest_mode \"\(other)\" is not supported")
        }
        guard try !node.flag("antialias"), try !node.flag("exclude_outside"),
            try node.string("keep_aspect_ratio_policy", "stretch") == "stretch"
        else { throw node.invalid("antialias, exclude_outside and keep_aspect_ratio_policy are not supported") }

        // Exporters leave an empty tensor where they mean none.
        func present(_ index: Int) throws(ONNXError) -> ValueID? {
            let id = try node.optional(index)
            return node.tensor(id)?.shape.count == 0 ? nil : id
        }
        var scales = try present(2)
        var sizes = try present(3)
        if let axes = try node.integers("axes"), axes != [0, 1, 2, 3] {
            guard axes == [2, 3] || axes == [-2, -1] else {
                throw node.invalid("a resize of axes \(axes) is not supported")
            }
            if let given = scales {
                scales = try node.make(.concat(axis: 0), [node.constant([Float(1), 1], [2]), given])
            }
            if let given = sizes {
                let front = try node.make(.shapeOf(start: 0, end: 2), [node.input(0)])
                sizes = try node.make(.concat(axis: 0), [front, given])
            }
        }
        let op = Operator.resize(Resize(mode: mode, coordinates: coordinates, rounding: rounding))
        try node.finish(op, [node.input(0), scales, sizes])
    }

    static func upsample(_ node: NodeImporter) throws(ONNXError) { try simpleResize(node) }

    /// Upsample, and Resize before opset 11: scales alone, coordinates without an offset.
    private static func simpleResize(_ node: NodeImporter) throws(ONNXError) {
        let op = Operator.resize(Resize(mode: try resizeMode(node), coordinates: .asymmetric, rounding: .floor))
        let scales: ValueID
        if let attribute = try node.floats("scales") {
            scales = try node.constant(attribute, [attribute.count])
        } else {
            scales = try node.input(1)
        }
        try node.finish(op, [node.input(0), scales])
    }

    private static func resizeMode(_ node: NodeImporter) throws(ONNXError) -> Resize.Mode {
        switch try node.string("mode", "nearest") {
        case "nearest": return .nearest
        case "linear", "bilinear": return .linear
        case let other: throw node.invalid("mode \"\(other)\" is not supported")
        }
    }
}
