import Graphs
import Tensors

/// Products, softmax, reductions and orderings.
extension OperatorTable {
    static func matMul(_ node: NodeImporter) throws(ONNXError) {
        try node.finish(.matMul, [node.input(0), node.input(1)])
    }

    static func gemm(_ node: NodeImporter) throws(ONNXError) {
        let gemm = Gemm(
            alpha: try node.float("alpha", 1), beta: try node.float("beta", 1),
            transposesA: try node.flag("transA"), transposesB: try node.flag("transB"))
        try node.finish(.gemm(gemm), [node.input(0), node.input(1), node.optional(2)])
    }

    static func softmax(_ node: NodeImporter) throws(ONNXError) {
        let x = try node.input(0)
        if node.opset >= 13 { return try node.finish(.softmax(axis: node.integer("axis", -1)), [x]) }
        try node.finish(.reshape(allowsZero: true), flattenedSoftmax(node, x))
    }

    static func logSoftmax(_ node: NodeImporter) throws(ONNXError) {
        let x = try node.input(0)
        if node.opset >= 13 {
            return try node.finish(.logSoftmax(axis: node.integer("axis", -1)), [x])
        }
        try node.finish(.reshape(allowsZero: true), flattenedSoftmax(node, x, .logSoftmax(axis: 1)))
    }

    /// Before opset 13 softmax ran over all axes from `axis` on together: the inputs of the reshape that ends it.
    private static func flattenedSoftmax(
        _ node: NodeImporter, _ x: ValueID, _ op: Operator = .softmax(axis: 1)
    ) throws(ONNXError) -> [ValueID] {
        let rows = try node.make(.flatten(axis: node.integer("axis", 1)), [x])
        return [try node.make(op, [rows]), try node.make(.shapeOf(start: 0, end: nil), [x])]
    }

    static func reduce(
        _ node: NodeImporter, _ function: ReduceFunction, axesInputSince version: Int
    ) throws(ONNXError) {
        let x = try node.input(0)
        guard let reduce = try reduction(node, function, axesInputSince: version) else {
            return try node.finish(.identity, [x])
        }
        try node.finish(.reduce(reduce), [x])
    }

    static func reduceL1(_ node: NodeImporter) throws(ONNXError) {
        let x = try node.make(.unary(.abs), [node.input(0)])
        guard let reduce = try reduction(node, .sum, axesInputSince: 18) else { return try node.finish(.identity, [x]) }
        try node.finish(.reduce(reduce), [x])
    }

    static func reduceL2(_ node: NodeImporter) throws(ONNXError) {
        let x = try node.input(0)
        guard let reduce = try reduction(node, .sum, axesInputSince: 18) else {
            return try node.finish(.unary(.abs), [x])
        }
        let sum = try node.make(.reduce(reduce), [node.make(.binary(.mul), [x, x])])
        try node.finish(.unary(.sqrt), [sum])
    }

    /// max + ln Σ e^(x − max).
    static func reduceLogSumExp(_ node: NodeImporter) throws(ONNXError) {
        let x = try node.input(0)
        guard let reduce = try reduction(node, .sum, axesInputSince: 18) else { return try node.finish(.identity, [x]) }
        let greatest = try node.make(
            .stopGradient, [node.make(.reduce(Reduce(.max, axes: reduce.axes, keepsDimensions: true)), [x])])
        let powers = try node.make(.unary(.exp), [node.make(.binary(.sub), [x, greatest])])
        let sum = try node.make(.reduce(Reduce(.sum, axes: reduce.axes, keepsDimensions: true)), [powers])
        let result = try node.make(.binary(.add), [node.make(.unary(.log), [sum]), greatest])
        if reduce.keepsDimensions { return try node.finish(.identity, [result]) }
        // What has one element along the axes is its own sum.
        try node.finish(.reduce(reduce), [result])
    }

    static func reduceSumSquare(_ node: NodeImporter) throws(ONNXError) {
        let x = try node.input(0)
        let square = try node.make(.binary(.mul), [x, x])
        guard let reduce = try reduction(node, .sum, axesInputSince: 18) else {
            return try node.finish(.identity, [square])
        }
        try node.finish(.reduce(reduce), [square])
    }

    /// Nil when the node reduces nothing.
    private static func reduction(
        _ node: NodeImporter, _ function: ReduceFunction, axesInputSince version: Int
    ) throws(ONNXError) -> Reduce? {
        let axes = node.opset >= version ? try node.constantIntegers(1) : try node.integers("axes")
        if axes?.isEmpty ?? true, try node.flag("noop_with_empty_axes") { return nil }
        let some = axes.flatMap { $0.isEmpty ? nil : $0 }
        return Reduce(function, axes: some, keepsDimensions: try node.flag("keepdims", true))
    }

    static func argMax(_ node: NodeImporter) throws(ONNXError) {
        try argMax(node, of: node.input(0))
    }

    static func argMin(_ node: NodeImporter) throws(ONNXError) {
        try argMax(node, of: node.make(.unary(.neg), [node.input(0)]))
    }

    private static func argMax(_ node: NodeImporter, of x: ValueID) throws(ONNXError) {
        guard try !node.flag("select_last_index") else { throw node.invalid("select_last_index is not supported") }
        try node.finish(
            .argMax(axis: node.integer("axis", 0), keepsDimension: node.flag("keepdims", true)), [x])
    }

    static func topK(_ node: NodeImporter) throws(ONNXError) {
        let k = node.opset >= 10 ? try node.input(1) : try node.constant([node.integer("k", 0)])
        let op = Operator.topK(axis: try node.integer("axis", -1), largest: try node.flag("largest", true))
        try node.finish(op, [node.input(0), k], count: 2)
    }
}
