import Tensors

extension Graph {
    /// The feature maps from which the outputs are computed by nothing but a detector's tail: reshapes, concatenations,
    /// sigmoids, the expectation over distance bins, arithmetic, the selection of the best.
    ///
    /// The walk goes from the outputs back and ends at the last convolutions or whatever else makes features: N×C×H×W,
    /// in the order in which the nodes make them. Where features are quantized at once, the map is what is dequantized
    /// again, so that it can be delivered in integers. Nil when it reaches an input, or something that is no feature map. The
    /// graph must be specialized and in channels-first order.
    package func featureMaps() -> [ValueID]? {
        let producers = GraphUses(self).producers
        var maps = Set<ValueID>()
        var visited = Set<ValueID>()
        var pending = outputs
        while let id = pending.popLast() {
            guard visited.insert(id).inserted, constants[id] == nil else { continue }
            guard let producer = producers[id] else { return nil }
            let node = nodes[producer]
            if isTail(node), !dequantizesFeatures(node, producers) {
                pending.append(contentsOf: node.inputs.compactMap { $0 })
            } else {
                guard shape(of: id)?.rank == 4, self[id].dtype == .float32 else { return nil }
                maps.insert(id)
            }
        }
        return maps.sorted { (producers[$0] ?? 0, $0) < (producers[$1] ?? 0, $1) }
    }

    /// Whether a node moves, selects or rescales what others have found, and finds nothing itself.
    private func isTail(_ node: Node) -> Bool {
        switch node.op {
        case .convolution: return isExpectation(node)
        case .batchNormalization, .maxPool, .averagePool, .globalAveragePool, .resize, .gemm: return false
        // On images these are activations of the network.
        case .unary(.relu), .unary(.silu), .unary(.tanh), .unary(.hardSwish), .unary(.leakyRelu), .unary(.elu), .clip:
            return node.outputs.first.flatMap { shape(of: $0) }?.rank != 4
        default: return true
        }
    }

    /// Whether a node gives back features that were quantized as soon as they were made.
    private func dequantizesFeatures(_ node: Node, _ producers: [ValueID: Int]) -> Bool {
        guard case .dequantizeLinear = node.op, let quantizer = node.input(0).flatMap({ producers[$0] }),
            case .quantizeLinear = nodes[quantizer].op, let x = nodes[quantizer].input(0), let maker = producers[x]
        else { return false }
        return !isTail(nodes[maker])
    }

    /// Whether a convolution is the expectation over bins 0, 1, 2 … of a distribution focal loss: Σ i · pᵢ. Where the
    /// bins are quantized they are so up to a part of the step.
    private func isExpectation(_ node: Node) -> Bool {
        guard node.input(2) == nil, let id = node.input(1), let shape = shape(of: id), shape.rank == 4, shape[0] == 1,
            shape[1] > 1, shape.count == shape[1]
        else { return false }
        if let bins = constants[id] {
            guard bins.dtype == .float32 else { return false }
            return bins.withElements(as: Float.self) { bins in bins.indices.allSatisfy { bins[$0] == Float($0) } }
        }
        guard let maker = nodes.first(where: { $0.outputs.contains(id) }), case .dequantizeLinear = maker.op,
            let bins = maker.input(0).flatMap({ constants[$0] }), let parameters = quantizationParameters(of: maker),
            let scale = parameters.scale, let zeroPoint = parameters.zeroPoint
        else { return false }
        let steps: [Int]
        switch bins.dtype {
        case .uint8: steps = bins.elements(as: UInt8.self).map { Int($0) }
        case .int8: steps = bins.elements(as: Int8.self).map { Int($0) }
        default: return false
        }
        return steps.indices.allSatisfy { abs(scale * Float(steps[$0] - Int(zeroPoint)) - Float($0)) <= scale }
    }

    /// The part of the graph that computes the maps, with these as its outputs, in N×H×W×C when `channelsLast`.
    ///
    /// For channels last the graph must be specialized and the maps N×C×H×W.
    package func upTo(_ maps: [ValueID], channelsLast: Bool) throws(GraphError) -> Graph {
        var graph = self
        graph.outputs = maps
        graph.eliminateDeadNodes()
        guard channelsLast else { return graph }
        for (position, id) in maps.enumerated() {
            guard let shape = shape(of: id), shape.rank == 4 else { throw GraphError(.notMade, value: self[id].name) }
            let permutation = [0, 2, 3, 1]
            let turned = graph.addValue(
                Value(
                    name: self[id].name, dtype: self[id].dtype, shape: try checkedShape(permutation.map { shape[$0] })))
            graph.nodes.append(
                Node(
                    name: "\(self[id].name).channelsLast", op: .transpose(permutation: permutation), inputs: [id],
                    outputs: [turned]))
            graph.outputs[position] = turned
        }
        return graph
    }

    /// The part of the graph that computes the outputs from the maps, with these as its inputs.
    ///
    /// Throws when an output needs something that neither the maps nor constants give.
    package func from(_ maps: [ValueID]) throws(GraphError) -> Graph {
        var graph = self
        graph.inputs = maps
        var needed = Set(outputs)
        let given = Set(maps)
        var kept = [Node]()
        for node in nodes.reversed() where node.outputs.contains(where: { needed.contains($0) && !given.contains($0) })
        {
            needed.formUnion(node.inputs.compactMap { $0 })
            kept.append(node)
        }
        graph.nodes = kept.reversed()
        graph.eliminateDeadNodes()
        try GraphSpec.check(graph, pass: "from")
        return graph
    }

    /// The graph without the roundings of its activations: what is quantized and dequantized again stays as it was.
    /// Constants stay quantized. Throws where integers are used for more than being moved.
    package func withoutRoundings() throws(GraphError) -> Graph {
        var graph = self
        var released = Set<ValueID>()
        for (index, node) in nodes.enumerated() {
            guard let x = node.input(0), let output = node.outputs.first else { continue }
            switch node.op {
            case .quantizeLinear where constants[x] == nil, .dequantizeLinear where released.contains(x):
                graph.nodes[index].op = .identity
                graph.nodes[index].inputs = [x]
                if case .quantizeLinear = node.op { released.insert(output) }
                graph[output].dtype = .float32
            case .reshape, .flatten, .squeeze, .unsqueeze, .transpose, .concat, .split, .slice, .identity, .gather,
                .gatherElements, .expand, .tile, .maxPool, .resize:
                guard node.inputs.contains(where: { $0.map { released.contains($0) } ?? false }) else { continue }
                for id in node.outputs {
                    graph[id].dtype = .float32
                    released.insert(id)
                }
            default: continue
            }
        }
        try GraphSpec.check(graph, pass: "withoutRoundings")
        return graph
    }

    /// Whether activations or constants are quantized.
    package var isQuantized: Bool {
        nodes.contains { node in
            switch node.op {
            case .quantizeLinear, .dequantizeLinear: true
            default: false
            }
        }
    }
}
