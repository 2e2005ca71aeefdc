import Graphs
import Tensors

/// Operators that move elements, and those about shapes.
extension OperatorTable {
    static func concat(_ node: NodeImporter) throws(ONNXError) {
        guard node.has("axis") else { throw node.invalid("it has no axis") }
        try node.finish(.concat(axis: node.integer("axis", 0)), node.inputs())
    }

    static func split(_ node: NodeImporter) throws(ONNXError) {
        let count = node.proto.output.count
        guard count > 0 else { throw node.invalid("it has no outputs") }
        let parts = try node.integer("num_outputs", count)
        guard parts == count else { throw node.invalid("num_outputs is \(parts), but it has \(count) outputs") }
        var sizes = try node.optional(1)
        if node.opset < 13, let attribute = try node.integers("split") { sizes = try node.constant(attribute) }
        try node.finish(.split(axis: node.integer("axis", 0)), [node.input(0), sizes], count: count)
    }

    static func slice(_ node: NodeImporter) throws(ONNXError) {
        if node.opset >= 10 {
            return try node.finish(
                .slice, [node.input(0), node.input(1), node.input(2), node.optional(3), node.optional(4)])
        }
        guard let starts = try node.integers("starts"), let ends = try node.integers("ends") else {
            throw node.invalid("it has no starts or no ends")
        }
        let axes = try node.integers("axes")
        try node.finish(
            .slice,
            [
                node.input(0), node.constant(starts), node.constant(ends),
                axes == nil ? nil : node.constant(axes ?? []),
            ])
    }

    static func reshape(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.reshape(allowsZero: node.flag("allowzero")), [node.input(0), node.input(1)])
    }

    static func flatten(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.flatten(axis: node.integer("axis", 1)), [node.input(0)])
    }

    static func squeeze(_ node: NodeImporter) throws(ONNXError) {
        let axes = node.opset >= 13 ? try node.constantIntegers(1) : try node.integers("axes")
        try node.finish(.squeeze(axes: axes), [node.input(0)])
    }

    static func unsqueeze(_ node: NodeImporter) throws(ONNXError) {
        let axes = node.opset >= 13 ? try node.constantIntegers(1) : try node.integers("axes")
        guard let axes else { throw node.invalid("it has no axes") }
        try node.finish(.unsqueeze(axes: axes), [node.input(0)])
    }

    static func transpose(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.transpose(permutation: node.integers("perm")), [node.input(0)])
    }

    static func expand(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.expand, [node.input(0), node.input(1)])
    }

    static func tile(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.tile, [node.input(0), node.input(1)])
    }

    static func gather(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.gather(axis: node.integer("axis", 0)), [node.input(0), node.input(1)])
    }

    static func gatherElements(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.gatherElements(axis: node.integer("axis", 0)), [node.input(0), node.input(1)])
    }

    static func pad(_ node: NodeImporter) throws(ONNXError) {
        let text = try node.string("mode", "constant")
        guard let mode = PaddingMode(rawValue: text) else { throw node.invalid("mode \"\(text)\" is not supported") }
        if node.opset >= 11 {
            return try node.finish(
                .pad(mode), [node.input(0), node.input(1), node.optional(2), node.optional(3)])
        }
        guard let pads = try node.integers("pads") else { throw node.invalid("it has no pads") }
        try node.finish(.pad(mode), [node.input(0), node.constant(pads), node.constant(node.float("value", 0))])
    }

    static func shape(_ node: NodeImporter) throws(ONNXError) {
        let end = node.has("end") ? try node.integer("end", 0) : nil
        try node.finish(.shapeOf(start: node.integer("start", 0), end: end), [node.input(0)])
    }

    static func size(_ node: NodeImporter) throws(ONNXError) {
        let shape = try node.make(.shapeOf(start: 0, end: nil), [node.input(0)])
        try node.finish(.reduce(Reduce(.prod, axes: [0], keepsDimensions: false)), [shape])
    }

    static func range(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.range, [node.input(0), node.input(1), node.input(2)])
    }

    static func constant(_ node: NodeImporter) throws(ONNXError) {
        if let tensor = try node.tensorAttribute("value") { return try node.finish(constant: tensor) }
        do {
            if node.has("value_float") {
                return try node.finish(constant: Tensor([node.float("value_float", 0)], shape: []))
            }
            if node.has("value_int") {
                return try node.finish(constant: Tensor([Int64(node.integer("value_int", 0))], shape: []))
            }
            if let values = try node.floats("value_floats") {
                return try node.finish(constant: Tensor(values, shape: [values.count]))
            }
            if let values = try node.integers("value_ints") {
                return try node.finish(constant: Tensor(values.map { Int64($0) }, shape: [values.count]))
            }
        } catch let error as ONNXError {
            throw error
        } catch {
            throw node.invalid("its value is too large")
        }
        throw node.invalid("it has no value that is supported")
    }

    /// A scalar, expanded.
    static func constantOfShape(_ node: NodeImporter) throws(ONNXError) {
        let value: ValueID
        if let tensor = try node.tensorAttribute("value") {
            guard tensor.shape.count == 1 else { throw node.invalid("its value is not a single element") }
            let given = node.state.graph.addConstant(tensor, name: "\(node.name).value")
            value = tensor.shape.rank == 0 ? given : try node.make(.squeeze(axes: nil), [given])
        } else {
            value = try node.constant(Float(0))
        }
        try node.finish(.expand, [value, node.input(0)])
    }
}
