import Graphs
import Tensors

/// Integers for real numbers. Blocked scales and types other than uint8, int8 and int32 are refused.
extension OperatorTable {
    static func quantizeLinear(_ node: NodeImporter) throws(ONNXError) {
        guard try node.integer("output_dtype", 0) == 0 else {
            throw node.invalid("output_dtype is not supported; the zero point gives the type")
        }
        try node.finish(.quantizeLinear(axis: axis(node)), [node.input(0), node.input(1), node.optional(2)])
    }

    static func dequantizeLinear(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.dequantizeLinear(axis: axis(node)), [node.input(0), node.input(1), node.optional(2)])
    }

    private static func axis(_ node: NodeImporter) throws(ONNXError) -> Int {
        guard try node.integer("block_size", 0) == 0 else { throw node.invalid("block_size is not supported") }
        return try node.integer("axis", 1)
    }
}
