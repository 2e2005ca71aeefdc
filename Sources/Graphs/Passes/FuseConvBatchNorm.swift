import Tensors

extension Graph {
    /// Multiplies batch normalizations into the weights of the convolutions before them:
    /// w′ = w · scale ÷ √(variance + ε), b′ = (b − mean) · scale ÷ √(variance + ε) + bias, per output channel.
    ///
    /// A convolution is fused when nothing else uses its result and all parameters are constants.
    package mutating func fuseConvBatchNorm() throws(GraphError) {
        let uses = GraphUses(self)
        var removed = Set<Int>()
        for (index, node) in nodes.enumerated() {
            guard case .batchNormalization(let normalization) = node.op,
                let producer = uses.onlyProducer(of: node.input(0)),
                case .convolution(let convolution) = nodes[producer].op, convolution.activation == .none,
                convolution.dataFormat == normalization.dataFormat,
                let parameters = channelParameters(node),
                let weights = nodes[producer].input(1).flatMap({ constants[$0] })
            else { continue }
            let bias = nodes[producer].input(2)
            guard bias == nil || bias.flatMap({ constants[$0] }) != nil else { continue }

            let channels = weights.shape[0]
            let row = weights.shape.count / max(channels, 1)
            let oldBias = bias.flatMap { constants[$0] }?.elements(as: Float.self)
            var newWeights = weights.elements(as: Float.self)
            var newBias = [Float]()
            for channel in 0..<channels {
                let deviation = (Double(parameters.variance[channel]) + Double(normalization.epsilon)).squareRoot()
                let factor = Double(parameters.scale[channel]) / deviation
                for element in channel * row..<(channel + 1) * row {
                    newWeights[element] = Float(Double(newWeights[element]) * factor)
                }
                let centred = Double(oldBias?[channel] ?? 0) - Double(parameters.mean[channel])
                newBias.append(Float(centred * factor + Double(parameters.bias[channel])))
            }
            let name = nodes[producer].name
            let tensors: (weights: Tensor, bias: Tensor)
            do {
                tensors = (
                    try Tensor(newWeights, shape: weights.shape.dimensions), try Tensor(newBias, shape: [channels])
                )
            } catch { throw GraphError(.tooLarge, node: name) }
            nodes[producer].inputs = [
                nodes[producer].inputs[0], addConstant(tensors.weights, name: "\(name).weights"),
                addConstant(tensors.bias, name: "\(name).bias"),
            ]
            nodes[producer].outputs = node.outputs
            removed.insert(index)
        }
        nodes = nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
    }

    private func channelParameters(
        _ node: Node
    ) -> (scale: [Float], bias: [Float], mean: [Float], variance: [Float])? {
        let parameters = (1..<5).compactMap { index in
            node.input(index).flatMap { constants[$0] }?.elements(as: Float.self)
        }
        return parameters.count == 4 ? (parameters[0], parameters[1], parameters[2], parameters[3]) : nil
    }
}
