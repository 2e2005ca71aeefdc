package import Tensors

/// Builds a graph node by node; the types of intermediate values follow from the operators.
///
///     var builder = GraphBuilder(name: "block")
///     let x = builder.input("x", [1, 3, 8, 8])
///     let y = try builder.node(.convolution(Convolution()), [x, weights, nil])
///     builder.output(try builder.node(.unary(.silu), [y]))
///     let graph = try builder.graph.specialized()
package struct GraphBuilder {
    package private(set) var graph: Graph

    package init(name: String) { graph = Graph(name: name) }

    /// Goes on with a graph: adds a loss to a model, say.
    package init(_ graph: Graph) { self.graph = graph }

    package mutating func input(_ name: String, dtype: DType = .float32, _ declared: [Dimension]) -> ValueID {
        let id = graph.addValue(Value(name: name, dtype: dtype, declared: declared))
        graph.inputs.append(id)
        return id
    }

    package mutating func input(_ name: String, dtype: DType = .float32, _ extents: [Int]) -> ValueID {
        input(name, dtype: dtype, extents.map { Dimension.fixed($0) })
    }

    package mutating func constant(_ tensor: Tensor, name: String? = nil) -> ValueID {
        graph.addConstant(tensor, name: name ?? "constant\(graph.values.count)")
    }

    /// A constant that is learned: training begins with this tensor.
    package mutating func parameter(_ tensor: Tensor, name: String) -> ValueID {
        let id = graph.addConstant(tensor, name: name)
        graph.parameters.append(id)
        return id
    }

    package mutating func constant<Element: TensorElement>(
        _ elements: [Element], _ shape: [Int], name: String? = nil
    ) throws(TensorError) -> ValueID {
        constant(try Tensor(elements, shape: shape), name: name)
    }

    /// A list of int64, such as a Reshape's shape.
    package mutating func integers(_ values: [Int]) throws(TensorError) -> ValueID {
        try constant(values.map { Int64($0) }, [values.count])
    }

    /// A node with one output.
    package mutating func node(_ op: Operator, _ inputs: [ValueID?], name: String? = nil) throws(GraphError) -> ValueID
    {
        try nodes(op, inputs, outputCount: 1, name: name)[0]
    }

    /// A node with several outputs.
    package mutating func nodes(
        _ op: Operator, _ inputs: [ValueID?], outputCount: Int, name: String? = nil
    ) throws(GraphError) -> [ValueID] {
        let name = name ?? "\(op.name)\(graph.nodes.count)"
        let dtypes = inputs.map { $0.map { graph[$0].dtype } }
        let outputs: [DType]
        do {
            outputs = try op.outputDTypes(dtypes, outputCount: outputCount)
        } catch {
            throw GraphError(error.reason, node: name)
        }
        let ids = outputs.enumerated().map { index, dtype in
            graph.addValue(Value(name: index == 0 ? name : "\(name).\(index)", dtype: dtype))
        }
        graph.nodes.append(Node(name: name, op: op, inputs: inputs, outputs: ids))
        return ids
    }

    /// A node whose results are values of the graph already.
    package mutating func append(_ node: Node) { graph.nodes.append(node) }

    /// Makes a value an output of the graph, by its own name or another.
    package mutating func output(_ id: ValueID, name: String? = nil) {
        if let name { graph[id].name = name }
        graph.outputs.append(id)
    }
}
