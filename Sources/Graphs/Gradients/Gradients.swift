import Tensors

extension Graph {
    /// Adds the nodes that compute the gradient of a loss by reverse-mode differentiation: each node between the values
    /// and the loss, from the last to the first, passes the gradient of its results on to its inputs. The rules stand
    /// beside each other in this folder, one function per operator.
    ///
    ///     var graph = try model.specialized(inputShapes: shapes)
    ///     let gradients = try graph.gradients(of: loss, withRespectTo: weights)
    ///     graph.outputs += gradients.compactMap { $0 }
    ///
    /// The graph must be specialized and not yet fused. The added nodes are an ordinary part of it: what follows
    /// (optimization, planning, running, even another call of this function for second derivatives where the rules are
    /// differentiable themselves) does not know them from others.
    ///
    /// - Parameters:
    ///   - loss: float32 with one element.
    ///   - values: float32; graph inputs, constants or intermediate values.
    /// - Returns: for each value its gradient, a value of the same shape; nil where the loss does not depend on it.
    /// - Throws: `notDifferentiable` for a node that has no rule, named.
    package mutating func gradients(
        of loss: ValueID, withRespectTo values: [ValueID]
    ) throws(GraphError) -> [ValueID?] {
        guard let type = type(of: loss), type.dtype == .float32, type.shape.count == 1 else {
            throw GraphError(
                .incompatibleShapes("a loss of \(type(of: loss)?.description ?? "unknown shape")"),
                value: self[loss].name)
        }
        var builder = GradientBuilder(self, values: values)
        var gradients = [ValueID: ValueID]()
        gradients[loss] = try builder.constant([1], type.shape)
        for node in nodes.reversed() {
            let results = node.outputs.map { gradients[$0] }
            let isWanted = node.inputs.contains { $0.map(builder.dependent.contains) ?? false }
            guard isWanted, results.contains(where: { $0 != nil }) else { continue }
            do {
                let parts = try builder.backward(node, results)
                for (id, part) in zip(node.inputs, parts) {
                    guard let id, let part, builder.dependent.contains(id) else { continue }
                    gradients[id] =
                        if let sum = gradients[id] { try builder.add(sum, part) } else { part }
                }
            } catch {
                throw GraphError(
                    error.reason, pass: error.pass ?? "gradients", node: error.node ?? node.name, value: error.value)
            }
        }
        self = builder.graph
        return values.map { gradients[$0] }
    }
}

/// Adds nodes with their shapes to a specialized graph.
struct GradientBuilder {
    private(set) var graph: Graph
    /// The values whose gradients are asked for, and all that is computed from them.
    let dependent: Set<ValueID>
    /// The node whose rule is at work, for the names of what it adds.
    private var origin = ""

    init(_ graph: Graph, values: [ValueID]) {
        self.graph = graph
        var dependent = Set(values)
        for node in graph.nodes where node.inputs.contains(where: { $0.map(dependent.contains) ?? false }) {
            dependent.formUnion(node.outputs)
        }
        self.dependent = dependent
    }

    /// The gradients of a node's inputs from those of its outputs, of which at least one is there.
    mutating func backward(_ node: Node, _ results: [ValueID?]) throws(GraphError) -> [ValueID?] {
        origin = node.name
        return try rule(node, results)
    }

    /// Whether the gradient of an input is of use.
    func wants(_ node: Node, _ index: Int) -> Bool { node.input(index).map(dependent.contains) ?? false }

    // MARK: Nodes

    mutating func nodes(_ op: Operator, _ inputs: [ValueID?], count: Int) throws(GraphError) -> [ValueID] {
        let types = inputs.map { $0.flatMap { graph.type(of: $0) } }
        let op = try op.normalized(types)
        let outputs = try op.infer(
            types, constants: inputs.map { $0.flatMap { graph.constants[$0] } }, outputCount: count)
        let name = "\(origin).gradient\(graph.nodes.count)"
        let ids = outputs.enumerated().map { index, type in
            graph.addValue(Value(name: index == 0 ? name : "\(name).\(index)", dtype: type.dtype, shape: type.shape))
        }
        graph.nodes.append(Node(name: name, op: op, inputs: inputs, outputs: ids))
        return ids
    }

    mutating func removeNodes() { graph.nodes = [] }

    mutating func append(_ node: Node) { graph.nodes.append(node) }

    /// Another operator in the place of a node, whose first result it gives; returns the results beside that.
    mutating func append(_ op: Operator, _ inputs: [ValueID?], replacing node: Node) throws(GraphError) -> [ValueID] {
        origin = node.name
        let types = inputs.map { $0.flatMap { graph.type(of: $0) } }
        graph.nodes.append(Node(name: node.name, op: op, inputs: inputs, outputs: node.outputs))
        return addOutputs(Array(try op.infer(types, outputCount: 3)[1...]), to: node)
    }

    mutating func node(_ op: Operator, _ inputs: [ValueID?]) throws(GraphError) -> ValueID {
        try nodes(op, inputs, count: 1)[0]
    }

    /// Lets a node of the graph give more of its results, whose types are given, and returns these.
    mutating func addOutputs(_ types: [TensorType], to node: Node) -> [ValueID] {
        guard let index = graph.nodes.firstIndex(where: { $0.outputs.first == node.outputs.first }) else { return [] }
        let ids = types.map { type in
            graph.addValue(
                Value(name: "\(node.name).state\(graph.values.count)", dtype: type.dtype, shape: type.shape))
        }
        graph.nodes[index].outputs += ids
        return ids
    }

    mutating func constant(_ elements: [Float], _ shape: Shape) throws(GraphError) -> ValueID {
        do {
            let tensor = try Tensor(elements, shape: shape.dimensions)
            return graph.addConstant(tensor, name: "\(origin).constant\(graph.values.count)")
        } catch { throw GraphError(.tooLarge) }
    }

    mutating func scalar(_ value: Float) throws(GraphError) -> ValueID { try constant([value], .scalar) }

    mutating func integers(_ values: [Int]) throws(GraphError) -> ValueID {
        graph.addConstant(try integerConstant(values), name: "\(origin).constant\(graph.values.count)")
    }

    // MARK: What rules are made of

    func shape(_ id: ValueID?) throws(GraphError) -> Shape {
        guard let id, let shape = graph.shape(of: id) else { throw GraphError(.notMade) }
        return shape
    }

    mutating func add(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID { try node(.binary(.add), [a, b]) }

    mutating func multiply(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID {
        try node(.binary(.mul), [a, b])
    }

    mutating func divide(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID { try node(.binary(.div), [a, b]) }

    mutating func negate(_ a: ValueID) throws(GraphError) -> ValueID { try node(.unary(.neg), [a]) }

    mutating func scale(_ a: ValueID, by factor: Float) throws(GraphError) -> ValueID {
        factor == 1 ? a : try multiply(a, scalar(factor))
    }

    mutating func reshape(_ a: ValueID, to shape: Shape) throws(GraphError) -> ValueID {
        if try self.shape(a) == shape { return a }
        return try node(.reshape(allowsZero: true), [a, integers(shape.dimensions)])
    }

    mutating func transpose(_ a: ValueID, _ permutation: [Int]) throws(GraphError) -> ValueID {
        try node(.transpose(permutation: permutation), [a])
    }

    mutating func expand(_ a: ValueID, to shape: Shape) throws(GraphError) -> ValueID {
        if try self.shape(a) == shape { return a }
        return try node(.expand, [a, integers(shape.dimensions)])
    }

    mutating func reduce(
        _ function: ReduceFunction, _ a: ValueID, axes: [Int], keepsDimensions: Bool = true
    ) throws(GraphError) -> ValueID {
        try node(.reduce(Reduce(function, axes: axes, keepsDimensions: keepsDimensions)), [a])
    }

    /// The gradient of a tensor of `shape` that was broadcast: the sum over the axes along which it was repeated.
    mutating func sum(_ a: ValueID, to shape: Shape) throws(GraphError) -> ValueID {
        let from = try self.shape(a)
        guard from != shape else { return a }
        let missing = from.rank - shape.rank
        let axes = (0..<from.rank).filter { $0 < missing || (shape[$0 - missing] == 1 && from[$0] != 1) }
        let sum = axes.isEmpty ? a : try reduce(.sum, a, axes: axes)
        return try reshape(sum, to: shape)
    }

    /// 1 where a comparison holds, else 0.
    mutating func indicator(_ function: BinaryFunction, _ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID {
        try node(.cast(to: .float32), [node(.binary(function), [a, b])])
    }
}

extension GradientBuilder {
    fileprivate mutating func rule(_ node: Node, _ results: [ValueID?]) throws(GraphError) -> [ValueID?] {
        switch node.op {
        case .lstm(let recurrence): return try lstm(node, recurrence, results)
        case .gru(let recurrence, let isLinear): return try gru(node, recurrence, linearBeforeReset: isLinear, results)
        case .split(let axis): return try split(node, axis: axis, results)
        default: break
        }
        // All others have one result that a loss depends on: the other ones are indices, statistics or gradients.
        guard let dy = results[0], results.dropFirst().allSatisfy({ $0 == nil }) else {
            throw GraphError(.notDifferentiable("\(node.op.name) with respect to results beside the first"))
        }
        switch node.op {
        case .convolution(let convolution): return try self.convolution(node, convolution, dy)
        case .convolutionTranspose(let convolution, _): return try convolutionTranspose(node, convolution, dy)
        case .batchNormalization(let normalization): return try batchNormalization(node, normalization, dy)
        case .trainingBatchNormalization(let normalization):
            return try trainingBatchNormalization(node, normalization, dy)
        case .groupNormalization(let normalization): return try groupNormalization(node, normalization, dy)
        case .layerNormalization(let epsilon): return try layerNormalization(node, epsilon: epsilon, dy)
        case .maxPool(let pool): return [try self.node(.gradient(.maxPool(pool)), [node.inputs[0], dy])]
        case .averagePool(let pool, let countsPadding):
            return [try averagePool(node, pool, countsPadding: countsPadding, dy)]
        case .globalAveragePool(let format): return [try globalAveragePool(node, format, dy)]
        case .resize(let resize): return try self.resize(node, resize, dy)
        case .unary(let function): return [try unary(node, function, dy)]
        case .clip: return [try self.node(.gradient(.clip), [node.inputs[0], dy] + node.inputs.dropFirst())]
        case .binary(let function): return try binary(node, function, dy)
        case .where: return try select(node, dy)
        case .cast: return [graph[node.inputs[0] ?? dy].dtype == .float32 ? dy : nil]
        case .identity: return [dy]
        case .stopGradient: return [nil]
        case .dropout: return [try self.node(node.op, [dy, node.input(1)])]
        case .matMul: return try matMul(node, dy)
        case .gemm(let gemm): return try self.gemm(node, gemm, dy)
        case .softmax(let axis): return [try self.node(.gradient(.softmax(axis: axis)), [node.outputs[0], dy])]
        case .logSoftmax(let axis): return [try self.node(.gradient(.logSoftmax(axis: axis)), [node.outputs[0], dy])]
        case .reduce(let reduce): return [try self.reduction(node, reduce, dy)]
        case .topK(let axis, _):
            return [try gatherElements(dy, indices: node.outputs[1], axis: axis, node.inputs[0]), nil]
        case .concat(let axis): return try concat(node, axis: axis, dy)
        case .slice: return try slice(node, dy)
        case .reshape, .flatten, .squeeze, .unsqueeze: return [try reshape(dy, to: shape(node.inputs[0]))]
        case .transpose(let permutation): return [try transposed(node, permutation, dy)]
        case .expand: return [try sum(dy, to: shape(node.inputs[0]))]
        case .tile: return [try tile(node, dy)]
        case .gather(let axis):
            let op = GradientOperator.gather(axis: axis, extent: try shape(node.inputs[0])[axis])
            return [try self.node(.gradient(op), [dy, node.inputs[1]])]
        case .gatherElements(let axis):
            return [try gatherElements(dy, indices: node.inputs[1], axis: axis, node.inputs[0])]
        case .pad(let mode): return try pad(node, mode, dy)
        case .ctcLoss: return [try ctcLoss(node, dy)]
        case .split, .lstm, .gru, .argMax, .shapeOf, .range, .gradient, .quantizeLinear, .dequantizeLinear,
            .requantize:
            throw GraphError(.notDifferentiable(node.op.name))
        }
    }
}
