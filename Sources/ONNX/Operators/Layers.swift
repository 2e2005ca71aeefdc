import Graphs
import Tensors

/// Normalizations, recurrent layers and what else networks are trained with.
extension OperatorTable {
    static func convTranspose(_ node: NodeImporter) throws(ONNXError) {
        let weights = try node.input(1)
        let axes = try node.integers("kernel_shape")?.count ?? (node.tensor(weights)?.shape.rank).map { $0 - 2 } ?? 2
        guard axes == 2 else { throw node.invalid("transposed convolutions over \(axes) axes are not supported") }
        guard !node.has("output_shape"), try ["NOTSET", ""].contains(node.string("auto_pad", "NOTSET")) else {
            throw node.invalid("output_shape and auto_pad are not supported")
        }
        let extra = try node.integers("output_padding") ?? [0, 0]
        guard extra.count == 2 else { throw node.invalid("output_padding must have two extents") }
        let convolution = Convolution(window: try window(node, axes: 2), groups: try node.integer("group", 1))
        let op = Operator.convolutionTranspose(
            convolution, outputPadding: Size2D(height: extra[0], width: extra[1]))
        try node.finish(op, [node.input(0), weights, node.optional(2)])
    }

    /// In its training form a batch normalization gives the running statistics too: ONNX's momentum is the part of the old
    /// ones, and the variance that of the population.
    static func batchNormalization(_ node: NodeImporter) throws(ONNXError) {
        guard try node.flag("spatial", true) else {
            throw node.invalid("only the form over channels is supported")
        }
        let normalization = BatchNormalization(epsilon: try node.float("epsilon", 1e-5))
        var inputs = [ValueID]()
        for index in 0..<5 { inputs.append(try node.input(index)) }
        guard try node.flag("training_mode") else {
            return try node.finish(.batchNormalization(normalization), inputs)
        }
        let momentum = try node.float("momentum", 0.9)
        let results = try node.makeAll(
            .trainingBatchNormalization(normalization), Array(inputs[..<3]), count: 3)
        let square = try node.make(.binary(.mul), [results[2], results[2]])
        let variance = try node.make(
            .binary(.sub), [node.make(.unary(.reciprocal), [square]), node.constant(normalization.epsilon)])
        var running = [ValueID]()
        // The loss does not see the statistics: no gradient goes through them.
        for (old, new) in [(inputs[3], results[1]), (inputs[4], variance)] {
            let new = try node.make(.stopGradient, [new])
            let kept = try node.make(.binary(.mul), [old, node.constant(momentum)])
            running.append(
                try node.make(.binary(.add), [kept, node.make(.binary(.mul), [new, node.constant(1 - momentum)])]))
        }
        try node.define([results[0]] + running)
    }

    static func instanceNormalization(_ node: NodeImporter) throws(ONNXError) {
        let scale = try node.input(1)
        guard let channels = node.tensor(scale)?.shape.count ?? node.fixedExtent(scale, 0) else {
            throw node.invalid("the number of channels is not known")
        }
        let normalization = GroupNormalization(groups: channels, epsilon: try node.float("epsilon", 1e-5))
        try node.finish(.groupNormalization(normalization), [node.input(0), node.input(1), node.input(2)])
    }

    static func groupNormalization(_ node: NodeImporter) throws(ONNXError) {
        guard node.opset >= 21 else {
            throw node.invalid("before operator set 21 its scale is one for each group, which is not supported")
        }
        let normalization = GroupNormalization(
            groups: try node.integer("num_groups", 0), epsilon: try node.float("epsilon", 1e-5))
        try node.finish(.groupNormalization(normalization), [node.input(0), node.input(1), node.input(2)])
    }

    /// Over the last axis as it is; over several axes these become one.
    static func layerNormalization(_ node: NodeImporter) throws(ONNXError) {
        let (x, scale, bias) = (try node.input(0), try node.input(1), try node.optional(2))
        guard node.proto.output.dropFirst().allSatisfy(\.isEmpty) else {
            throw node.invalid("its statistics are not supported as results")
        }
        let op = Operator.layerNormalization(epsilon: try node.float("epsilon", 1e-5))
        let axis = try node.integer("axis", -1)
        let rank = node.tensor(scale)?.shape.rank ?? node.declaredRank(scale)
        if axis == -1 || rank == 1 { return try node.finish(op, [x, scale, bias]) }
        // As many axes as the scale has.
        let rows = try node.make(.flatten(axis: axis), [x])
        let flatScale = try node.make(.reshape(allowsZero: false), [scale, node.constant([-1])])
        let flatBias = try bias.map { (id) throws(ONNXError) in
            try node.make(.reshape(allowsZero: false), [id, node.constant([-1])])
        }
        let result = try node.make(op, [rows, flatScale, flatBias])
        let shape = try node.make(.shapeOf(start: 0, end: nil), [x])
        try node.finish(.reshape(allowsZero: true), [result, shape])
    }

    static func dropout(_ node: NodeImporter) throws(ONNXError) {
        let rate =
            node.opset >= 12
            ? try node.optional(1).flatMap { node.tensor($0) }?.elements(as: Float.self).first ?? 0.5
            : try node.float("ratio", 0.5)
        // A mask is not made.
        try node.finish(.dropout(Dropout(rate: rate)), [node.input(0)])
    }

    static func lstm(_ node: NodeImporter) throws(ONNXError) {
        guard try !node.flag("input_forget"), try node.optional(7) == nil else {
            throw node.invalid("coupled gates and peepholes are not supported")
        }
        let recurrence = try recurrence(node, activations: ["Sigmoid", "Tanh", "Tanh"])
        try node.finish(.lstm(recurrence), recurrentInputs(node, 7), count: 3)
    }

    static func gru(_ node: NodeImporter) throws(ONNXError) {
        let recurrence = try recurrence(node, activations: ["Sigmoid", "Tanh"])
        let op = Operator.gru(recurrence, linearBeforeReset: try node.flag("linear_before_reset"))
        try node.finish(op, recurrentInputs(node, 6), count: 2)
    }

    private static func recurrentInputs(_ node: NodeImporter, _ count: Int) throws(ONNXError) -> [ValueID?] {
        var inputs = [ValueID?]()
        for index in 0..<count { inputs.append(try node.optional(index)) }
        return inputs
    }

    private static func recurrence(
        _ node: NodeImporter, activations: [String]
    ) throws(ONNXError) -> Recurrence {
        guard let direction = Recurrence.Direction(rawValue: try node.string("direction", "forward")) else {
            throw node.invalid("its direction is unknown")
        }
        guard try node.integer("layout", 0) == 0, !node.has("clip") else {
            throw node.invalid("batch-wise layout and clipping are not supported")
        }
        if let given = try node.strings("activations") {
            let expected = (0..<direction.count).flatMap { _ in activations }
            guard given.map({ $0.lowercased() }) == expected.map({ $0.lowercased() }) else {
                throw node.invalid("activations \(given) are not supported")
            }
        }
        return Recurrence(hiddenSize: try node.integer("hidden_size", 0), direction: direction)
    }
}
