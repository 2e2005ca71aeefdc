package import Tensors

extension Graph {
    /// Constants that folding would make larger than this stay computed.
    static let maximumFoldedBytes = 64 << 20

    /// The graph for given input shapes: every value has a shape, operators are in normal form, and nodes whose inputs
    /// are constants are folded.
    ///
    /// - Parameters:
    ///   - inputShapes: by input name. Inputs of fixed size may be left out; a symbolic extent that two inputs share is
    ///     bound once.
    ///   - evaluate: folds what `ShapeArithmetic` does not; without it float constants stay computed.
    /// - Throws: a reason with the node and the value at which the shapes do not fit.
    package func specialized(
        inputShapes: [String: Shape] = [:], evaluate: Evaluator? = nil
    ) throws(GraphError) -> Graph {
        var graph = self
        try graph.bindInputs(inputShapes)
        graph.nodes = []
        for node in nodes {
            do {
                try graph.specialize(node, evaluate)
            } catch {
                var error = error
                error.pass = error.pass ?? "specialized"
                error.node = error.node ?? node.name
                error.value =
                    error.value
                    ?? node.outputs.first.flatMap { values.indices.contains($0.index) ? self[$0].name : nil }
                throw error
            }
        }
        return graph
    }

    private mutating func bindInputs(_ inputShapes: [String: Shape]) throws(GraphError) {
        let names = Set(inputs.map { self[$0].name })
        for name in inputShapes.keys.sorted() where !names.contains(name) {
            throw GraphError(.unknownInput, pass: "specialized", value: name)
        }
        var bound = [String: Int]()
        for id in inputs {
            guard let shape = inputShapes[self[id].name] else { continue }
            let declared = self[id].declared ?? self[id].shape?.dimensions.map { .fixed($0) }
            if let declared {
                let fits =
                    declared.count == shape.rank
                    && zip(declared, shape.dimensions).allSatisfy { dimension, extent in
                        switch dimension {
                        case .fixed(let fixed): return fixed == extent
                        case .symbolic(""): return true
                        case .symbolic(let symbol):
                            defer { bound[symbol] = bound[symbol] ?? extent }
                            return bound[symbol] ?? extent == extent
                        }
                    }
                guard fits else {
                    let text = declared.map(\.description).joined(separator: "×")
                    throw GraphError(
                        .incompatibleShapes("a shape of \(shape) for an input of \(text)"), pass: "specialized",
                        value: self[id].name)
                }
            }
            self[id].shape = shape
        }
        for id in inputs where inputShapes[self[id].name] == nil && self[id].shape == nil {
            var dimensions = [Int]()
            guard let declared = self[id].declared else {
                throw GraphError(.unboundDimension("all"), pass: "specialized", value: self[id].name)
            }
            for dimension in declared {
                switch dimension {
                case .fixed(let extent): dimensions.append(extent)
                case .symbolic(let symbol):
                    guard let extent = bound[symbol] else {
                        throw GraphError(.unboundDimension(symbol), pass: "specialized", value: self[id].name)
                    }
                    dimensions.append(extent)
                }
            }
            self[id].shape = try checkedShape(dimensions)
        }
        for id in inputs { self[id].declared = nil }
    }

    private mutating func specialize(_ node: Node, _ evaluate: Evaluator?) throws(GraphError) {
        var node = node
        var types = [TensorType?]()
        for id in node.inputs {
            guard let id else {
                types.append(nil)
                continue
            }
            guard values.indices.contains(id.index) else { throw GraphError(.unknownValue) }
            guard let type = type(of: id) else { throw GraphError(.notMade, value: self[id].name) }
            types.append(type)
        }
        let tensors = node.inputs.map { $0.flatMap { constants[$0] } }
        let outputs = try node.op.infer(types, constants: tensors, outputCount: node.outputs.count)
        for (id, type) in zip(node.outputs, outputs) {
            guard values.indices.contains(id.index) else { throw GraphError(.unknownValue) }
            guard self[id].dtype == type.dtype else {
                throw GraphError(.wrongDType(self[id].dtype, expected: [type.dtype]))
            }
            self[id].shape = type.shape
        }

        if case .shapeOf(let start, let end) = node.op, let x = types.first??.shape {
            let axes = shapeOfRange(start: start, end: end, rank: x.rank)
            setConstant(try integerConstant(axes.map { x[$0] }), for: node.outputs[0])
            return
        }
        if let folded = try fold(node, evaluate) {
            for (id, tensor) in zip(node.outputs, folded) { setConstant(tensor, for: id) }
            return
        }
        switch node.op {
        case .flatten, .squeeze, .unsqueeze:
            let shape = addConstant(try integerConstant(outputs[0].shape.dimensions), name: "\(node.name).shape")
            node.op = .reshape(allowsZero: true)
            node.inputs = [node.inputs[0], shape]
        case .batchNormalization, .trainingBatchNormalization, .groupNormalization:
            try normalizeImage(&node, outputs[0].shape)
        case .matMul:
            try normalizeVectors(&node, outputs[0].shape)
        default:
            node.op = try node.op.normalized(types)
        }
        nodes.append(node)
    }

    /// Products see matrices: vectors are reshaped to a row or a column, and the result loses its axis.
    private mutating func normalizeVectors(_ node: inout Node, _ result: Shape) throws(GraphError) {
        guard let a = node.inputs[0], let b = node.inputs[1], let left = shape(of: a), let right = shape(of: b),
            left.rank == 1 || right.rank == 1
        else { return }
        func matrix(_ id: ValueID, _ shape: Shape) throws(GraphError) -> ValueID {
            let value = addValue(Value(name: "\(node.name).matrix", dtype: .float32, shape: shape))
            nodes.append(try reshape(of: id, to: value, shape, name: node.name))
            return value
        }
        let rows = left.rank == 1 ? try checkedShape([1] + left.dimensions) : left
        let columns = right.rank == 1 ? try checkedShape(right.dimensions + [1]) : right
        if left.rank == 1 { node.inputs[0] = try matrix(a, rows) }
        if right.rank == 1 { node.inputs[1] = try matrix(b, columns) }
        let product = addValue(
            Value(name: "\(node.name).product", dtype: .float32, shape: try matMulShape(rows, columns)))
        let output = node.outputs[0]
        node.outputs[0] = product
        nodes.append(node)
        node = try reshape(of: product, to: output, result, name: node.name)
    }

    private mutating func reshape(
        of from: ValueID, to: ValueID, _ shape: Shape, name: String
    ) throws(GraphError) -> Node {
        let target = addConstant(try integerConstant(shape.dimensions), name: "\(name).shape")
        return Node(name: name, op: .reshape(allowsZero: true), inputs: [from, target], outputs: [to])
    }

    /// Normalizations see images N×C×H×W, or N×C: other tensors N×C×… are reshaped to images before and back behind.
    private mutating func normalizeImage(_ node: inout Node, _ shape: Shape) throws(GraphError) {
        let isImage =
            switch node.op {
            case .groupNormalization: shape.rank == 4
            default: shape.rank == 4 || shape.rank == 2
            }
        guard !isImage, shape.rank >= 2, let x = node.inputs[0] else { return }
        let image = try checkedShape([shape[0], shape[1], shape.dimensions[2...].reduce(1, *), 1])
        let before = addValue(Value(name: "\(node.name).image", dtype: .float32, shape: image))
        let after = addValue(Value(name: "\(node.name).normalized", dtype: .float32, shape: image))
        let result = node.outputs[0]
        nodes.append(try reshape(of: x, to: before, image, name: node.name))
        node.inputs[0] = before
        node.outputs[0] = after
        nodes.append(node)
        node = try reshape(of: after, to: result, shape, name: node.name)
    }

    /// The results of a node whose inputs are all constants; nil when it cannot be folded.
    ///
    /// A `dequantizeLinear` stays: folded, the integers of the weights would be lost.
    func fold(_ node: Node, _ evaluate: Evaluator?) throws(GraphError) -> [Tensor]? {
        if case .dequantizeLinear = node.op { return nil }
        let tensors = node.inputs.map { $0.flatMap { constants[$0] } }
        for (id, tensor) in zip(node.inputs, tensors) where id != nil && tensor == nil { return nil }
        let types = node.outputs.compactMap { type(of: $0) }
        guard types.count == node.outputs.count,
            types.allSatisfy({ $0.shape.count * $0.dtype.stride <= Graph.maximumFoldedBytes })
        else { return nil }
        var results = try ShapeArithmetic.evaluate(node.op, tensors, types)
        if results == nil, let evaluate {
            do {
                results = try evaluate(node.op, tensors, types)
            } catch {
                throw GraphError(.evaluationFailed("\(error)"), node: node.name)
            }
        }
        guard let results else { return nil }
        guard results.map(\.type) == types else {
            throw GraphError(
                .disagreement(recorded: "\(types)", inferred: "\(results.map(\.type))"), node: node.name)
        }
        return results
    }
}

/// A list of integers as a constant.
func integerConstant(_ values: [Int]) throws(GraphError) -> Tensor {
    do {
        return try Tensor(values.map { Int64($0) }, shape: [values.count])
    } catch { throw GraphError(.tooLarge) }
}

extension Operator {
    /// The operator with its axes counted from the front and its windows with explicit padding.
    ///
    /// - Parameter inputs: types that `infer` has accepted.
    package func normalized(_ inputs: [TensorType?]) throws(GraphError) -> Operator {
        guard let shape = inputs.first??.shape else { return self }
        func front(_ axis: Int) throws(GraphError) -> Int { try checkedAxis(axis, rank: shape.rank) }
        switch self {
        case .convolution(var convolution):
            let image = try ImageExtents(shape, convolution.dataFormat)
            guard inputs.count > 1, let weights = inputs[1]?.shape, weights.rank == 4 else { return self }
            convolution.window = try convolution.window.explicit(
                kernel: Size2D(height: weights[2], width: weights[3]),
                image: Size2D(height: image.height, width: image.width))
            return .convolution(convolution)
        case .maxPool(let pool): return .maxPool(try pool.normalized(shape))
        case .averagePool(let pool, let countsPadding):
            return .averagePool(try pool.normalized(shape), countsPadding: countsPadding)
        case .softmax(let axis): return .softmax(axis: try front(axis))
        case .logSoftmax(let axis): return .logSoftmax(axis: try front(axis))
        case .reduce(var reduce):
            reduce.axes = try checkedAxes(reduce.axes ?? Array(0..<shape.rank), rank: shape.rank)
            return .reduce(reduce)
        case .argMax(let axis, let keepsDimension):
            return .argMax(axis: try front(axis), keepsDimension: keepsDimension)
        case .topK(let axis, let largest): return .topK(axis: try front(axis), largest: largest)
        case .concat(let axis): return .concat(axis: try front(axis))
        case .split(let axis): return .split(axis: try front(axis))
        case .transpose(nil): return .transpose(permutation: (0..<shape.rank).reversed())
        case .gather(let axis): return .gather(axis: try front(axis))
        case .gatherElements(let axis): return .gatherElements(axis: try front(axis))
        case .quantizeLinear(let axis): return .quantizeLinear(axis: try quantizationAxis(axis, inputs, shape))
        case .dequantizeLinear(let axis): return .dequantizeLinear(axis: try quantizationAxis(axis, inputs, shape))
        default: return self
        }
    }
}

/// The axis counted from the front; 0 where one scale stands for the whole tensor.
private func quantizationAxis(_ axis: Int, _ inputs: [TensorType?], _ x: Shape) throws(GraphError) -> Int {
    guard inputs.count > 1, let scale = inputs[1]?.shape, scale.count != 1 else { return 0 }
    return try checkedAxis(axis, rank: x.rank)
}

extension Pool {
    fileprivate func normalized(_ shape: Shape) throws(GraphError) -> Pool {
        let image = try ImageExtents(shape, dataFormat)
        var pool = self
        pool.window = try window.explicit(
            kernel: kernel, image: Size2D(height: image.height, width: image.width))
        return pool
    }
}
