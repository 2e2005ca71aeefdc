import Tensors

/// The rules of operators on images and of normalizations.
extension GradientBuilder {
    mutating func convolution(
        _ node: Node, _ convolution: Convolution, _ dy: ValueID
    ) throws(GraphError) -> [ValueID?] {
        guard convolution.activation == .none else { throw GraphError(.notDifferentiable("a fused activation")) }
        guard let x = node.inputs[0], let weights = node.inputs[1] else { throw GraphError(.missingInput(0)) }
        let kernelShape = try shape(weights)
        let kernel = Size2D(height: kernelShape[2], width: kernelShape[3])
        var parts: [ValueID?] = [nil, nil, nil, nil]
        if wants(node, 0) {
            let image = try ImageExtents(shape(x), convolution.dataFormat)
            let result = try ImageExtents(shape(dy), convolution.dataFormat)
            let covered = try ImageExtents(
                convolution.transposedShape(
                    x: shape(dy), weights: kernelShape, bias: nil, outputPadding: Size2D(0)),
                convolution.dataFormat)
            guard result.height > 0, result.width > 0 else { throw GraphError(.notDifferentiable("an empty image")) }
            // What no window reaches.
            let rest = Size2D(height: image.height - covered.height, width: image.width - covered.width)
            parts[0] = try self.node(.convolutionTranspose(convolution, outputPadding: rest), [dy, weights])
        }
        if wants(node, 1) {
            // The bias's gradient comes with that of the weights.
            let sums = try nodes(
                .gradient(.convolutionWeights(convolution, kernel: kernel)), [x, dy], count: wants(node, 2) ? 2 : 1)
            parts[1] = sums[0]
            if sums.count == 2 { parts[2] = sums[1] }
        } else if wants(node, 2) {
            parts[2] = try channelSum(dy, convolution.dataFormat)
        }
        if wants(node, 3) { parts[3] = dy }
        return parts
    }

    mutating func convolutionTranspose(
        _ node: Node, _ convolution: Convolution, _ dy: ValueID
    ) throws(GraphError) -> [ValueID?] {
        guard let x = node.inputs[0], let weights = node.inputs[1] else { throw GraphError(.missingInput(0)) }
        let kernelShape = try shape(weights)
        let kernel = Size2D(height: kernelShape[2], width: kernelShape[3])
        var parts: [ValueID?] = [nil, nil, nil]
        if wants(node, 0) { parts[0] = try self.node(.convolution(convolution), [dy, weights]) }
        if wants(node, 1) {
            parts[1] = try self.node(.gradient(.convolutionWeights(convolution, kernel: kernel)), [dy, x])
        }
        if wants(node, 2) { parts[2] = try channelSum(dy, convolution.dataFormat) }
        return parts
    }

    /// The sum over everything but the channels.
    private mutating func channelSum(_ dy: ValueID, _ format: DataFormat) throws(GraphError) -> ValueID {
        let rank = try shape(dy).rank
        let channels = format == .channelsFirst ? 1 : rank - 1
        return try reduce(.sum, dy, axes: (0..<rank).filter { $0 != channels }, keepsDimensions: false)
    }

    /// With given statistics a normalization is linear: y = x̂ · scale + bias, x̂ = (x − mean) ÷ √(variance + ε).
    mutating func batchNormalization(
        _ node: Node, _ normalization: BatchNormalization, _ dy: ValueID
    ) throws(GraphError) -> [ValueID?] {
        let x = try shape(node.inputs[0])
        let axis = try normalization.channelAxis(rank: x.rank)
        let across = try checkedShape((0..<x.rank).map { $0 == axis ? x[axis] : 1 })
        var inputs = [ValueID]()
        for case let id? in node.inputs { inputs.append(id) }
        let (scale, mean, variance) = (inputs[1], inputs[3], inputs[4])
        let deviation = try self.node(
            .unary(.reciprocal),
            [self.node(.unary(.sqrt), [add(variance, scalar(normalization.epsilon))])])
        let factor = try multiply(scale, deviation)
        let dx = try multiply(dy, reshape(factor, to: across))
        var parts: [ValueID?] = [dx, nil, nil, nil, nil]
        if wants(node, 1) || wants(node, 4) {
            let centred = try self.node(.binary(.sub), [inputs[0], reshape(mean, to: across)])
            let sum = try channelSum(multiply(dy, centred), normalization.dataFormat)
            let dScale = try multiply(sum, deviation)
            parts[1] = dScale
            // d(1 ÷ √(v + ε)) ÷ dv = −½ · (v + ε)^(−3⁄2).
            if wants(node, 4) {
                parts[4] = try multiply(self.scale(dScale, by: -0.5), multiply(factor, deviation))
            }
        }
        if wants(node, 2) { parts[2] = try channelSum(dy, normalization.dataFormat) }
        if wants(node, 3) { parts[3] = try negate(channelSum(dx, normalization.dataFormat)) }
        return parts
    }

    mutating func trainingBatchNormalization(
        _ node: Node, _ normalization: BatchNormalization, _ dy: ValueID
    ) throws(GraphError) -> [ValueID?] {
        try nodes(
            .gradient(.batchNormalization(normalization)),
            [dy, node.inputs[0], node.inputs[1], node.outputs[1], node.outputs[2]], count: 3)
    }

    mutating func groupNormalization(
        _ node: Node, _ normalization: GroupNormalization, _ dy: ValueID
    ) throws(GraphError) -> [ValueID?] {
        let statistics = try statistics(of: node)
        return try nodes(
            .gradient(.groupNormalization(normalization)), [dy, node.inputs[0], node.input(1)] + statistics, count: 3)
    }

    mutating func layerNormalization(_ node: Node, epsilon: Float, _ dy: ValueID) throws(GraphError) -> [ValueID?] {
        let statistics = try statistics(of: node)
        return try nodes(
            .gradient(.layerNormalization(epsilon: epsilon)), [dy, node.inputs[0], node.input(1)] + statistics,
            count: 3)
    }

    /// Mean and inverse deviation of a normalization, which from now on gives them.
    private mutating func statistics(of node: Node) throws(GraphError) -> [ValueID] {
        if node.outputs.count == 3 { return Array(node.outputs[1...]) }
        let types = node.inputs.map { $0.flatMap { graph.type(of: $0) } }
        let added = try node.op.infer(types, outputCount: 3)[node.outputs.count...]
        return addOutputs(Array(added), to: node)
    }

    mutating func averagePool(
        _ node: Node, _ pool: Pool, countsPadding: Bool, _ dy: ValueID
    ) throws(GraphError) -> ValueID {
        let image = try ImageExtents(shape(node.inputs[0]), pool.dataFormat)
        let op = GradientOperator.averagePool(
            pool, countsPadding: countsPadding, image: Size2D(height: image.height, width: image.width))
        return try self.node(.gradient(op), [dy])
    }

    mutating func globalAveragePool(
        _ node: Node, _ format: DataFormat, _ dy: ValueID
    ) throws(GraphError) -> ValueID {
        let image = try ImageExtents(shape(node.inputs[0]), format)
        let size = Size2D(height: image.height, width: image.width)
        let pool = Pool(kernel: size, dataFormat: format)
        return try self.node(.gradient(.averagePool(pool, countsPadding: false, image: size)), [dy])
    }

    mutating func resize(_ node: Node, _ resize: Resize, _ dy: ValueID) throws(GraphError) -> [ValueID?] {
        let image = try ImageExtents(shape(node.inputs[0]), resize.dataFormat)
        let op = GradientOperator.resize(resize, image: Size2D(height: image.height, width: image.width))
        return [try self.node(.gradient(op), [dy] + node.inputs.dropFirst())]
    }
}
