import Tensors

/// What must hold of every graph, as a program: run after import and after every pass.
///
/// - Each value is made once: by a graph input, a constant or one output of one node.
/// - Nodes stand in topological order: what they use has been made before them.
/// - Each operator has the number and the types of inputs and outputs that it documents.
/// - There are outputs, and they are made. Names are not empty; inputs, and outputs, can be told apart by theirs.
/// - A constant has the type and the shape that are recorded for its value.
/// - Operators see a quantized value as float32; only bytes and s32 are quantized.
/// - In a specialized graph every value has a shape, equal to what inference finds, and operators are in normal form.
package enum GraphSpec {
    /// Throws the first violation with the node and the value where it was found.
    ///
    /// - Parameters:
    ///   - pass: who made the graph, for the message.
    ///   - specialized: whether shapes must be known.
    package static func check(_ graph: Graph, pass: String, specialized: Bool = true) throws(GraphError) {
        do throws(GraphError) {
            var made = Set<ValueID>()
            try checkInputs(graph, &made)
            for node in graph.nodes {
                do {
                    try check(node, graph, &made, specialized: specialized)
                } catch {
                    throw GraphError(error.reason, node: error.node ?? node.name, value: error.value)
                }
            }
            try checkOutputs(graph, made)
        } catch {
            throw GraphError(error.reason, pass: pass, node: error.node, value: error.value)
        }
    }

    private static func checkInputs(_ graph: Graph, _ made: inout Set<ValueID>) throws(GraphError) {
        var names = Set<String>()
        for id in graph.inputs {
            try make(id, graph, &made)
            guard names.insert(graph[id].name).inserted else { throw GraphError(.repeatedName, value: graph[id].name) }
        }
        for (id, tensor) in graph.constants.sorted(by: { $0.key < $1.key }) {
            try make(id, graph, &made)
            let value = graph[id]
            guard value.dtype == tensor.dtype, value.shape == tensor.shape else {
                throw GraphError(
                    .disagreement(
                        recorded: "\(value.dtype) \(value.shape?.description ?? "?")", inferred: "\(tensor.type)"),
                    value: value.name)
            }
        }
    }

    private static func check(
        _ node: Node, _ graph: Graph, _ made: inout Set<ValueID>, specialized: Bool
    ) throws(GraphError) {
        guard !node.name.isEmpty else { throw GraphError(.noName) }
        for case let id? in node.inputs {
            guard graph.values.indices.contains(id.index) else { throw GraphError(.unknownValue) }
            guard made.contains(id) else { throw GraphError(.notMade, value: graph[id].name) }
        }
        for id in node.outputs { try make(id, graph, &made) }

        let dtypes = try node.op.outputDTypes(
            node.inputs.map { $0.map { graph[$0].meaning } }, outputCount: node.outputs.count)
        for (id, dtype) in zip(node.outputs, dtypes) where graph[id].meaning != dtype {
            throw GraphError(.wrongDType(graph[id].dtype, expected: [dtype]), value: graph[id].name)
        }
        if specialized { try checkShapes(node, graph) }
    }

    private static func checkShapes(_ node: Node, _ graph: Graph) throws(GraphError) {
        var types = [TensorType?]()
        for id in node.inputs {
            guard let id else {
                types.append(nil)
                continue
            }
            guard let type = graph.meaning(of: id) else {
                throw GraphError(.notNormalized("no shape"), value: graph[id].name)
            }
            types.append(type)
        }
        let inferred = try node.op.infer(
            types, constants: node.inputs.map { $0.flatMap { graph.constants[$0] } }, outputCount: node.outputs.count)
        for (id, type) in zip(node.outputs, inferred) where graph.meaning(of: id) != type {
            throw GraphError(
                .disagreement(recorded: graph.meaning(of: id)?.description ?? "?", inferred: type.description),
                value: graph[id].name)
        }
        switch node.op {
        case .flatten, .squeeze, .unsqueeze, .shapeOf:
            throw GraphError(.notNormalized("\(node.op.name) is not lowered"))
        default:
            guard try node.op.normalized(types) == node.op else {
                throw GraphError(.notNormalized("attributes of \(node.op.name)"))
            }
        }
    }

    private static func checkOutputs(_ graph: Graph, _ made: Set<ValueID>) throws(GraphError) {
        guard !graph.outputs.isEmpty else { throw GraphError(.noOutputs) }
        var names = Set<String>()
        for id in graph.outputs {
            guard graph.values.indices.contains(id.index) else { throw GraphError(.unknownValue) }
            guard made.contains(id) else { throw GraphError(.notMade, value: graph[id].name) }
            guard names.insert(graph[id].name).inserted else { throw GraphError(.repeatedName, value: graph[id].name) }
        }
    }

    private static func make(_ id: ValueID, _ graph: Graph, _ made: inout Set<ValueID>) throws(GraphError) {
        guard graph.values.indices.contains(id.index) else { throw GraphError(.unknownValue) }
        guard made.insert(id).inserted else { throw GraphError(.madeTwice, value: graph[id].name) }
        guard !graph[id].name.isEmpty else { throw GraphError(.noName) }
        if graph[id].quantization != nil, ![.uint8, .int8, .int32].contains(graph[id].dtype) {
            throw GraphError(.wrongDType(graph[id].dtype, expected: [.uint8, .int8, .int32]), value: graph[id].name)
        }
    }
}
