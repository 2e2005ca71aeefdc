import Tensors

extension Graph {
    /// The constants that a network learns: those that its builder named, and in any graph, imported ones too, the weights
    /// and biases of convolutions and products, of normalizations and recurrent layers, and tables that are looked up in.
    ///
    /// Statistics of batch normalizations are not among them, nor other constants of the computation (grids, scales).
    package func learnedConstants() -> [ValueID] {
        var found = Set(parameters)
        var order = parameters
        func take(_ id: ValueID?) {
            guard let id, let tensor = constants[id], tensor.dtype == .float32, found.insert(id).inserted else {
                return
            }
            order.append(id)
        }
        let uses = GraphUses(self)
        for node in nodes {
            switch node.op {
            case .convolution, .convolutionTranspose, .batchNormalization, .layerNormalization, .groupNormalization:
                take(node.input(1))
                take(node.input(2))
            case .matMul, .gemm: node.inputs.forEach(take)
            case .lstm, .gru: for index in [1, 2, 3, 5, 6] { take(node.input(index)) }
            case .gather: take(node.input(0))
            case .binary(.add):
                // A bias behind a product.
                for (sum, bias) in [(0, 1), (1, 0)] {
                    guard let maker = node.input(sum).flatMap({ uses.producers[$0] }), nodes[maker].op == .matMul
                    else { continue }
                    take(node.input(bias))
                }
            default: break
            }
        }
        return order
    }

    /// The graph with some of its constants as inputs, behind those that it has, so that they can change from run to run.
    package func withInputs(for constants: [ValueID]) -> Graph {
        var graph = self
        for id in constants {
            guard let tensor = self.constants[id] else { continue }
            graph.setConstant(nil, for: id)
            graph[id].declared = tensor.shape.dimensions.map { .fixed($0) }
            graph.inputs.append(id)
        }
        return graph
    }

    /// The mean and variance that the batch normalizations keep, in order of the nodes.
    package var runningStatistics: [ValueID] {
        nodes.flatMap { node in
            if case .batchNormalization = node.op { return [3, 4].compactMap { node.input($0) } }
            return []
        }
    }

    /// A specialized graph as training runs it: batch normalizations take the statistics of the batch, dropouts draw.
    ///
    /// - Parameters:
    ///   - seed: int64, one element: another one for each step. Nil leaves dropouts out.
    ///   - momentum: the part of a batch's statistics in the running ones. These take the variance of the sample, as
    ///     PyTorch has it.
    ///   - isFrozen: names the batch normalizations, by their scale, that keep to their running statistics.
    /// - Returns: for the running statistics, their new values after a batch.
    package mutating func takeTrainingForm(
        seed: ValueID?, momentum: Float = 0.1, isFrozen: (ValueID) -> Bool = { _ in false }
    ) throws(GraphError) -> [(old: ValueID, new: ValueID)] {
        var updates = [(old: ValueID, new: ValueID)]()
        var builder = GradientBuilder(self, values: [])
        builder.removeNodes()
        var stream = 0
        for node in nodes {
            switch node.op {
            case .dropout(var dropout):
                dropout.stream = stream
                stream += 1
                builder.append(
                    Node(name: node.name, op: .dropout(dropout), inputs: [node.inputs[0], seed], outputs: node.outputs))
            case .batchNormalization(let normalization):
                guard let scale = node.inputs[1], !isFrozen(scale), let mean = node.inputs[3],
                    let variance = node.inputs[4], let x = node.inputs[0], let shape = shape(of: x)
                else {
                    builder.append(node)
                    continue
                }
                let channels = try normalization.channelAxis(rank: shape.rank)
                let count = Float(shape.count / max(shape[channels], 1))
                let op = Operator.trainingBatchNormalization(normalization)
                let statistics = try builder.append(op, Array(node.inputs[..<3]), replacing: node)
                let square = try builder.multiply(statistics[1], statistics[1])
                let population = try builder.node(
                    .binary(.sub),
                    [builder.node(.unary(.reciprocal), [square]), builder.scalar(normalization.epsilon)])
                let sample = try builder.scale(population, by: count / max(count - 1, 1))
                for (old, new) in [(mean, statistics[0]), (variance, sample)] {
                    let kept = try builder.scale(old, by: 1 - momentum)
                    updates.append((old, try builder.add(kept, builder.scale(new, by: momentum))))
                }
            default: builder.append(node)
            }
        }
        self = builder.graph
        return updates
    }
}
