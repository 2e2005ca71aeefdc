import Graphs
import Tensors

/// Functions of single elements.
extension OperatorTable {
    static func unary(_ node: NodeImporter, _ function: UnaryFunction) throws(ONNXError) {
        try node.finish(.unary(function), [node.input(0)])
    }

    static func leakyRelu(_ node: NodeImporter) throws(ONNXError) {
        try unary(node, .leakyRelu(slope: node.float("alpha", 0.01)))
    }

    static func hardSigmoid(_ node: NodeImporter) throws(ONNXError) {
        try unary(node, .hardSigmoid(slope: node.float("alpha", 0.2), offset: node.float("beta", 0.5)))
    }

    static func elu(_ node: NodeImporter) throws(ONNXError) {
        try unary(node, .elu(scale: node.float("alpha", 1)))
    }

    /// relu(x) − slope · relu(−x).
    static func pRelu(_ node: NodeImporter) throws(ONNXError) {
        let x = try node.input(0)
        let positive = try node.make(.unary(.relu), [x])
        let negative = try node.make(.unary(.relu), [node.make(.unary(.neg), [x])])
        let scaled = try node.make(.binary(.mul), [negative, node.input(1)])
        try node.finish(.binary(.sub), [positive, scaled])
    }

    /// x · tanh(softplus(x)).
    static func mish(_ node: NodeImporter) throws(ONNXError) {
        let x = try node.input(0)
        let gate = try node.make(.unary(.tanh), [node.make(.unary(.softplus), [x])])
        try node.finish(.binary(.mul), [x, gate])
    }

    static func gelu(_ node: NodeImporter) throws(ONNXError) {
        switch try node.string("approximate", "none") {
        case "none": try unary(node, .gelu)
        case "tanh": try unary(node, .geluTanh)
        case let other: throw node.invalid("the approximation \"\(other)\" is not supported")
        }
    }

    static func binary(_ node: NodeImporter, _ function: BinaryFunction) throws(ONNXError) {
        try node.finish(.binary(function), [node.input(0), node.input(1)])
    }

    static func pow(_ node: NodeImporter) throws(ONNXError) {
        let base = try node.input(0)
        var exponent = try node.input(1)
        if node.dtype(exponent) != node.dtype(base) {
            exponent = try node.make(.cast(to: node.dtype(base)), [exponent])
        }
        try node.finish(.binary(.pow), [base, exponent])
    }

    static func mod(_ node: NodeImporter) throws(ONNXError) {
        try binary(node, node.flag("fmod") ? .fmod : .mod)
    }

    /// Min, Max and Sum of any number of tensors.
    static func variadic(_ node: NodeImporter, _ function: BinaryFunction) throws(ONNXError) {
        let inputs = try node.inputs()
        guard inputs.count > 1 else { return try node.finish(.identity, [inputs[0]]) }
        var result = inputs[0]
        for id in inputs[1..<(inputs.count - 1)] { result = try node.make(.binary(function), [result, id]) }
        try node.finish(.binary(function), [result, inputs[inputs.count - 1]])
    }

    static func clip(_ node: NodeImporter) throws(ONNXError) {
        if node.opset >= 11 {
            return try node.finish(.clip, [node.input(0), node.optional(1), node.optional(2)])
        }
        let minimum = node.has("min") ? try node.constant(node.float("min", 0)) : nil
        let maximum = node.has("max") ? try node.constant(node.float("max", 0)) : nil
        try node.finish(.clip, [node.input(0), minimum, maximum])
    }

    static func `where`(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.where, [node.input(0), node.input(1), node.input(2)])
    }

    static func cast(_ node: NodeImporter) throws(ONNXError) {
        let type = try node.integer("to", 0)
        guard let dtype = DType(onnx: type) else { throw node.invalid("element type \(type) is not supported") }
        try node.finish(.cast(to: dtype), [node.input(0)])
    }

    static func identity(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.identity, [node.input(0)])
    }
}
