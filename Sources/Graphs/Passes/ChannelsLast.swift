import Tensors

extension Graph {
    /// Rewrites image operators to channels last, so that a pixel's channels lie side by side.
    ///
    /// Each operator takes its images in N×H×W×C, and gives its result in it; elementwise operators, concatenations,
    /// splits, slices, reductions and softmax follow their inputs, with remapped axes and transposed constants. An
    /// explicit transpose stands only where the two orders meet: behind the graph's input and before what needs the
    /// written order (a head's reshapes, the outputs). Weights stay O×I×h×w.
    ///
    /// - Parameter inputs: whether graph inputs of four axes become N×H×W×C themselves, so that the caller writes
    ///   pixels as they come.
    package mutating func channelsLast(inputs changesInputs: Bool = false) throws(GraphError) {
        var rewriter = ChannelsLastRewriter(self)
        if changesInputs { try rewriter.changeInputs() }
        for node in nodes {
            do {
                try rewriter.rewrite(node)
            } catch {
                throw GraphError(error.reason, pass: "channelsLast", node: node.name, value: error.value)
            }
        }
        self = try rewriter.finished()
    }
}

/// Rebuilds the node list while it knows of every value in which of the two orders it is at hand.
private struct ChannelsLastRewriter {
    /// Axis i of N×H×W×C is axis toLast[i] of N×C×H×W, and the other way round.
    static let toLast = [0, 2, 3, 1]
    static let toFirst = [0, 3, 1, 2]

    var graph: Graph
    var nodes = [Node]()
    /// Values at hand as written.
    var first: Set<ValueID>
    /// The channels-last counterparts of values.
    var last = [ValueID: ValueID]()
    /// The nodes that dequantize constants, by their result: those are moved as the constants themselves would be.
    let dequantized: [ValueID: Node]

    init(_ graph: Graph) {
        self.graph = graph
        first = Set(graph.inputs).union(graph.constants.keys)
        dequantized = graph.dequantizedConstants()
    }

    mutating func changeInputs() throws(GraphError) {
        for (position, id) in graph.inputs.enumerated() {
            guard let shape = graph.shape(of: id), shape.rank == 4 else { continue }
            let changed = graph.addValue(
                Value(
                    name: graph[id].name, dtype: graph[id].dtype,
                    shape: try checkedShape(Self.toLast.map { shape[$0] })))
            graph.inputs[position] = changed
            first.remove(id)
            last[id] = changed
        }
    }

    mutating func finished() throws(GraphError) -> Graph {
        for id in graph.outputs { _ = try asWritten(id) }
        graph.nodes = nodes
        return graph
    }

    // MARK: The two orders

    func rank(_ id: ValueID?) -> Int { id.flatMap { graph.shape(of: $0) }?.rank ?? 0 }

    /// The value in the order in which the graph writes it.
    mutating func asWritten(_ id: ValueID) throws(GraphError) -> ValueID {
        if !first.contains(id), let source = last[id] {
            try emitTranspose(source, to: id, Self.toFirst)
            first.insert(id)
        }
        return id
    }

    /// The value in N×H×W×C; a constant is transposed now, anything else by a node.
    mutating func channelsLast(_ id: ValueID) throws(GraphError) -> ValueID {
        if let counterpart = last[id] { return counterpart }
        let counterpart: ValueID
        if let tensor = graph.constants[id] {
            counterpart = graph.addConstant(try tensor.transposed(Self.toLast), name: graph[id].name)
        } else if let node = dequantized[id] {
            counterpart = try moved(node) { tensor throws(GraphError) in try tensor.transposed(Self.toLast) }
        } else {
            counterpart = try makeCounterpart(of: id)
            try emitTranspose(id, to: counterpart, Self.toLast)
        }
        last[id] = counterpart
        return counterpart
    }

    /// The result of a node that dequantizes a constant, of the constant moved to N×H×W×C.
    mutating func moved(
        _ node: Node, _ move: (Tensor) throws(GraphError) -> Tensor
    ) throws(GraphError) -> ValueID {
        guard case .dequantizeLinear(let axis) = node.op, let x = node.input(0), let tensor = graph.constants[x],
            axis < max(tensor.shape.rank, 1)
        else { throw GraphError(.notMade, value: node.name) }
        let constant = graph.addConstant(try move(tensor), name: graph[x].name)
        let result = graph.addValue(
            Value(name: graph[node.outputs[0]].name, dtype: .float32, shape: graph.shape(of: constant)))
        var inputs = node.inputs
        inputs[0] = constant
        // One pair for the whole tensor has axis 0, in any order.
        let isPerTensor = node.input(1).flatMap { graph.shape(of: $0) }?.count == 1
        let op = Operator.dequantizeLinear(axis: isPerTensor ? 0 : Self.lastAxis(axis + 4 - tensor.shape.rank))
        nodes.append(Node(name: node.name, op: op, inputs: inputs, outputs: [result]))
        return result
    }

    mutating func makeCounterpart(of id: ValueID) throws(GraphError) -> ValueID {
        guard let shape = graph.shape(of: id) else { throw GraphError(.notMade, value: graph[id].name) }
        return graph.addValue(
            Value(
                name: graph[id].name, dtype: graph[id].dtype, shape: try checkedShape(Self.toLast.map { shape[$0] })))
    }

    /// A transpose, or a reshape where no element moves (one channel, or one pixel).
    mutating func emitTranspose(_ source: ValueID, to target: ValueID, _ permutation: [Int]) throws(GraphError) {
        guard let from = graph.shape(of: source), let to = graph.shape(of: target) else {
            throw GraphError(.notMade, value: graph[source].name)
        }
        let moving = permutation.filter { from[$0] != 1 }
        if moving == moving.sorted() {
            let shape = graph.addConstant(try integerConstant(to.dimensions), name: "\(graph[target].name).shape")
            let op = Operator.reshape(allowsZero: true)
            nodes.append(Node(name: "\(graph[target].name).order", op: op, inputs: [source, shape], outputs: [target]))
        } else {
            let op = Operator.transpose(permutation: permutation)
            nodes.append(Node(name: "\(graph[target].name).order", op: op, inputs: [source], outputs: [target]))
        }
    }

    /// Whether a value that is computed is at hand in N×H×W×C.
    func prefersLast(_ id: ValueID?) -> Bool {
        id.map { last[$0] != nil && graph.constants[$0] == nil && dequantized[$0] == nil } ?? false
    }

    // MARK: Nodes

    mutating func rewrite(_ node: Node) throws(GraphError) {
        if let rewritten = try rewriteImageOperator(node) {
            nodes.append(rewritten)
            return
        }
        if let rewritten = try rewriteFollower(node) {
            nodes.append(rewritten)
            return
        }
        if try rewriteReshape(node) { return }
        var node = node
        for index in node.inputs.indices {
            if let id = node.inputs[index] { node.inputs[index] = try asWritten(id) }
        }
        nodes.append(node)
        first.formUnion(node.outputs)
    }

    /// The node in N×H×W×C with outputs in it too, as far as they are images.
    mutating func inLast(_ node: Node, _ op: Operator, inputs: [ValueID?]) throws(GraphError) -> Node {
        var outputs = [ValueID]()
        for (index, id) in node.outputs.enumerated() {
            guard op.givesImage(index) else {
                first.insert(id)
                outputs.append(id)
                continue
            }
            let counterpart = try makeCounterpart(of: id)
            last[id] = counterpart
            outputs.append(counterpart)
        }
        return Node(name: node.name, op: op, inputs: inputs, outputs: outputs)
    }

    /// Operators that are defined on images: always rewritten.
    mutating func rewriteImageOperator(_ node: Node) throws(GraphError) -> Node? {
        guard let x = node.input(0), rank(x) == 4 else { return nil }
        var inputs = node.inputs
        let op: Operator
        switch node.op {
        case .convolution(var convolution):
            convolution.dataFormat = .channelsLast
            op = .convolution(convolution)
        case .convolutionTranspose(var convolution, let outputPadding):
            convolution.dataFormat = .channelsLast
            op = .convolutionTranspose(convolution, outputPadding: outputPadding)
        case .maxPool(var pool):
            pool.dataFormat = .channelsLast
            op = .maxPool(pool)
        case .averagePool(var pool, let countsPadding):
            pool.dataFormat = .channelsLast
            op = .averagePool(pool, countsPadding: countsPadding)
        case .globalAveragePool:
            op = .globalAveragePool(.channelsLast)
        case .batchNormalization(var normalization):
            normalization.dataFormat = .channelsLast
            op = .batchNormalization(normalization)
        case .trainingBatchNormalization(var normalization):
            normalization.dataFormat = .channelsLast
            op = .trainingBatchNormalization(normalization)
        case .groupNormalization(var normalization):
            normalization.dataFormat = .channelsLast
            op = .groupNormalization(normalization)
        case .resize(var resize):
            resize.dataFormat = .channelsLast
            op = .resize(resize)
            try moveSizes(&inputs)
        case .dropout:
            // An element's place says what becomes of it, so its order must be the same here and in the gradient.
            op = node.op
        case .gradient(let gradient):
            guard let moved = gradient.channelsLast else { return nil }
            op = .gradient(moved)
            if case .resize = moved { try moveSizes(&inputs) }
        default: return nil
        }
        for index in inputs.indices where op.takesImage(index) {
            if let id = inputs[index] { inputs[index] = try channelsLast(id) }
        }
        return try inLast(node, op, inputs: inputs)
    }

    /// The scales or sizes of a resize, one for each axis.
    mutating func moveSizes(_ inputs: inout [ValueID?]) throws(GraphError) {
        for index in 1..<inputs.count {
            guard let id = inputs[index], let tensor = graph.constants[id] else { continue }
            inputs[index] = graph.addConstant(
                try tensor.gathered(Self.toLast), name: "\(graph[id].name).channelsLast")
        }
    }

    /// Operators that work in either order: rewritten where an input is at hand in N×H×W×C already.
    mutating func rewriteFollower(_ node: Node) throws(GraphError) -> Node? {
        guard node.inputs.contains(where: { prefersLast($0) }) else { return nil }
        switch node.op {
        case .unary, .clip, .cast, .identity, .stopGradient, .binary, .where, .gradient(.unary), .gradient(.clip):
            return try rewriteElementwise(node)
        case .gradient(.softmax(let axis)):
            return try rewriteRows(node, .gradient(.softmax(axis: Self.lastAxis(axis))))
        case .gradient(.logSoftmax(let axis)):
            return try rewriteRows(node, .gradient(.logSoftmax(axis: Self.lastAxis(axis))))
        case .concat(let axis):
            var inputs = [ValueID?]()
            for case let id? in node.inputs { inputs.append(try channelsLast(id)) }
            return try inLast(node, .concat(axis: Self.lastAxis(axis)), inputs: inputs)
        case .gatherElements(let axis):
            var inputs = [ValueID?]()
            for case let id? in node.inputs { inputs.append(try channelsLast(id)) }
            return try inLast(node, .gatherElements(axis: Self.lastAxis(axis)), inputs: inputs)
        default: break
        }

        // The others have one tensor to order, and parameters.
        guard let x = node.input(0), prefersLast(x), rank(x) == 4 else { return nil }
        var inputs = node.inputs
        let op: Operator
        switch node.op {
        case .split(let axis): op = .split(axis: Self.lastAxis(axis))
        case .softmax(let axis): op = .softmax(axis: Self.lastAxis(axis))
        case .logSoftmax(let axis): op = .logSoftmax(axis: Self.lastAxis(axis))
        case .topK(let axis, let largest): op = .topK(axis: Self.lastAxis(axis), largest: largest)
        case .quantizeLinear(let axis): op = .quantizeLinear(axis: Self.lastAxis(axis))
        case .dequantizeLinear(let axis): op = .dequantizeLinear(axis: Self.lastAxis(axis))
        case .gather(let axis) where rank(node.input(1)) == 1: op = .gather(axis: Self.lastAxis(axis))
        case .slice:
            guard let starts = graph.integers(node.input(1)) else { return nil }
            let axes = graph.integers(node.input(3)) ?? Array(starts.indices)
            var remapped = [Int]()
            for axis in axes { remapped.append(Self.lastAxis(try checkedAxis(axis, rank: 4))) }
            while inputs.count < 4 { inputs.append(nil) }
            inputs[3] = graph.addConstant(try integerConstant(remapped), name: "\(node.name).axes")
            op = .slice
        case .pad(let mode):
            guard let pads = graph.integers(node.input(1)) else { return nil }
            let axes = graph.integers(node.input(3)) ?? Array(0..<pads.count / 2)
            var remapped = [Int]()
            for axis in axes { remapped.append(Self.lastAxis(try checkedAxis(axis, rank: 4))) }
            while inputs.count < 4 { inputs.append(nil) }
            inputs[3] = graph.addConstant(try integerConstant(remapped), name: "\(node.name).axes")
            op = .pad(mode)
        case .tile:
            guard let repeats = node.input(1).flatMap({ graph.constants[$0] }) else { return nil }
            inputs[1] = graph.addConstant(try repeats.gathered(Self.toLast), name: "\(node.name).repeats")
            op = .tile
        case .reduce(var reduce):
            guard let axes = reduce.axes else { return nil }
            reduce.axes = axes.map(Self.lastAxis).sorted()
            return try rewriteReduction(node, .reduce(reduce), axes, keepsDimensions: reduce.keepsDimensions)
        case .argMax(let axis, let keepsDimension):
            return try rewriteReduction(
                node, .argMax(axis: Self.lastAxis(axis), keepsDimension: keepsDimension), [axis],
                keepsDimensions: keepsDimension)
        case .transpose(let permutation?):
            // Takes the channels-last tensor straight to the written result.
            first.formUnion(node.outputs)
            return Node(
                name: node.name, op: .transpose(permutation: permutation.map(Self.lastAxis)),
                inputs: [try channelsLast(x)], outputs: node.outputs)
        default: return nil
        }
        inputs[0] = try channelsLast(x)
        return try inLast(node, op, inputs: inputs)
    }

    static func lastAxis(_ axis: Int) -> Int { toFirst[axis] }

    mutating func rewriteElementwise(_ node: Node) throws(GraphError) -> Node? {
        // A computed tensor of fewer axes would need axes of its own; one element fits any order.
        func fits(_ id: ValueID) -> Bool {
            rank(id) == 4 || graph.constants[id] != nil || dequantized[id] != nil || graph.shape(of: id)?.count == 1
        }
        guard rank(node.outputs.first) == 4, node.inputs.allSatisfy({ $0.map(fits) ?? true }) else { return nil }
        var inputs = node.inputs
        for index in inputs.indices {
            guard let id = inputs[index], let shape = graph.shape(of: id) else { continue }
            if shape.rank == 4 {
                inputs[index] = try channelsLast(id)
            } else if shape.count != 1 {
                func move(_ tensor: Tensor) throws(GraphError) -> Tensor {
                    try tensor.reshaped(Array(repeating: 1, count: 4 - shape.rank) + shape.dimensions)
                        .transposed(Self.toLast)
                }
                if let tensor = graph.constants[id] {
                    inputs[index] = graph.addConstant(try move(tensor), name: graph[id].name)
                } else if let node = dequantized[id] {
                    inputs[index] = try moved(node, move)
                }
            }
        }
        return try inLast(node, node.op, inputs: inputs)
    }

    /// An operator on two tensors of one shape, along an axis.
    mutating func rewriteRows(_ node: Node, _ op: Operator) throws(GraphError) -> Node? {
        var inputs = [ValueID?]()
        for case let id? in node.inputs { inputs.append(try channelsLast(id)) }
        return try inLast(node, op, inputs: inputs)
    }

    /// Without kept dimensions the result must come out in the written order by itself.
    mutating func rewriteReduction(
        _ node: Node, _ op: Operator, _ axes: [Int], keepsDimensions: Bool
    ) throws(GraphError) -> Node? {
        guard let x = node.input(0) else { return nil }
        if keepsDimensions { return try inLast(node, op, inputs: [try channelsLast(x)]) }
        let remaining = Self.toLast.filter { !axes.contains($0) }
        guard remaining == remaining.sorted() else { return nil }
        first.formUnion(node.outputs)
        return Node(name: node.name, op: op, inputs: [try channelsLast(x)], outputs: node.outputs)
    }

    /// A reshape that keeps channels and pixels apart, N×C×H×W to N×(C…)×(HW…), is done in N×(HW…)×(C…), with the
    /// transpose behind it, where it joins the one that a head has there anyway.
    mutating func rewriteReshape(_ node: Node) throws(GraphError) -> Bool {
        guard case .reshape = node.op, let x = node.input(0), let output = node.outputs.first, !first.contains(x),
            let source = last[x], let from = graph.shape(of: x), let to = graph.shape(of: output), to.rank > 1,
            to[0] == from[0], from.count > 0
        else { return false }
        let border = (1..<to.rank).first { to.dimensions[1...$0].reduce(1, *) == from[1] }
        guard let border, border + 1 < to.rank else { return false }
        let channels = Array(to.dimensions[1...border])
        let pixels = Array(to.dimensions[(border + 1)...])

        let moved = try checkedShape([to[0]] + pixels + channels)
        let target = graph.addConstant(try integerConstant(moved.dimensions), name: "\(node.name).channelsLast")
        let between = graph.addValue(Value(name: node.name, dtype: graph[output].dtype, shape: moved))
        let op = Operator.reshape(allowsZero: true)
        nodes.append(Node(name: node.name, op: op, inputs: [source, target], outputs: [between]))
        let permutation = [0] + channels.indices.map { 1 + pixels.count + $0 } + pixels.indices.map { 1 + $0 }
        try emitTranspose(between, to: output, permutation)
        first.insert(output)
        return true
    }
}

extension Operator {
    /// Whether an input of an image operator is an image; parameters and statistics are none.
    fileprivate func takesImage(_ index: Int) -> Bool {
        switch self {
        case .gradient(.convolutionWeights), .gradient(.batchNormalization), .gradient(.groupNormalization),
            .gradient(.maxPool):
            index < 2
        default: index == 0
        }
    }

    /// Whether an output of an operator that is rewritten is an image.
    fileprivate func givesImage(_ index: Int) -> Bool {
        switch self {
        case .gradient(.convolutionWeights): false
        case .trainingBatchNormalization, .groupNormalization, .gradient(.batchNormalization),
            .gradient(.groupNormalization):
            index == 0
        default: true
        }
    }
}

extension GradientOperator {
    /// The operator on images in N×H×W×C; nil where it is none on images.
    fileprivate var channelsLast: GradientOperator? {
        switch self {
        case .convolutionWeights(var convolution, let kernel):
            convolution.dataFormat = .channelsLast
            return .convolutionWeights(convolution, kernel: kernel)
        case .batchNormalization(var normalization):
            normalization.dataFormat = .channelsLast
            return .batchNormalization(normalization)
        case .groupNormalization(var normalization):
            normalization.dataFormat = .channelsLast
            return .groupNormalization(normalization)
        case .maxPool(var pool):
            pool.dataFormat = .channelsLast
            return .maxPool(pool)
        case .averagePool(var pool, let countsPadding, let image):
            pool.dataFormat = .channelsLast
            return .averagePool(pool, countsPadding: countsPadding, image: image)
        case .resize(var resize, let image):
            resize.dataFormat = .channelsLast
            return .resize(resize, image: image)
        default: return nil
        }
    }
}
