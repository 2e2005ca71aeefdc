import Tensors

/// The rules of recurrent layers, whose gradients are operators of their own.
extension GradientBuilder {
    mutating func lstm(
        _ node: Node, _ recurrence: Recurrence, _ results: [ValueID?]
    ) throws(GraphError) -> [ValueID?] {
        try recurrent(node, .lstm(recurrence), results, states: 2)
    }

    mutating func gru(
        _ node: Node, _ recurrence: Recurrence, linearBeforeReset: Bool, _ results: [ValueID?]
    ) throws(GraphError) -> [ValueID?] {
        try recurrent(node, .gru(recurrence, linearBeforeReset: linearBeforeReset), results, states: 1)
    }

    /// Inputs of the gradient: those of the layer, its results, and the gradients of these. Sequence lengths have none.
    private mutating func recurrent(
        _ node: Node, _ op: GradientOperator, _ results: [ValueID?], states: Int
    ) throws(GraphError) -> [ValueID?] {
        let count = 2 + states
        var outputs = node.outputs
        if outputs.count < count {
            let types = node.inputs.map { $0.flatMap { graph.type(of: $0) } }
            let added = try node.op.infer(types, outputCount: count)[outputs.count...]
            outputs += addOutputs(Array(added), to: node)
        }
        let inputs = (0..<5 + states).map { node.input($0) }
        let gradients = (0..<1 + states).map { $0 < results.count ? results[$0] : nil }
        if results.count == count, results[count - 1] != nil {
            throw GraphError(.notDifferentiable("\(node.op.name) with respect to its states of the gates"))
        }
        let parts = try nodes(
            .gradient(op), inputs + [outputs[0], outputs[count - 1]] + gradients, count: 4 + states)
        return [parts[0], parts[1], parts[2], parts[3], nil] + parts[4...].map { $0 }
    }
}
