import Tensors

extension Graph {
    /// Makes integers of what `quantizeLinear` and `dequantizeLinear` only describe: values get a `quantization`, and
    /// nodes between them compute with it, rounding once to their result.
    ///
    /// A node becomes an integer one where its operands are dequantized and its result is quantized at once (a
    /// convolution also where its result stays float). Nodes that only move numbers work on the integers as they are.
    /// What is left, float or with other scales, meets through `requantize`. The result means what the graph meant, up
    /// to roundings that two neighbouring quantizations made and one now makes.
    ///
    /// - Parameter portsStayFloat: inputs and outputs keep their types; otherwise an input that is only quantized, and an
    ///   output that is only dequantized, become integers.
    package mutating func absorbQuantization(portsStayFloat: Bool) throws(GraphError) {
        guard nodes.contains(where: \.quantizes) else { return }
        var absorber = QuantizationAbsorber(self)
        if !portsStayFloat { absorber.absorbInputs() }
        for (index, node) in nodes.enumerated() { try absorber.absorb(node, at: index) }
        self = absorber.finished(portsStayFloat: portsStayFloat)
        eliminateDeadNodes()
    }
}

private struct QuantizationAbsorber {
    private var graph: Graph
    private let uses: GraphUses
    private var nodes: [Node] = []
    /// For a float value the quantized value of the same numbers.
    private var integers: [ValueID: ValueID] = [:]
    /// For the result of a `quantizeLinear` the value that holds it now.
    private var quantized: [ValueID: ValueID] = [:]
    /// Float values whose `dequantize` has been written out.
    private var floats: Set<ValueID> = []
    /// The only user of a value, where it is a `quantizeLinear` of activations.
    private var quantizers: [ValueID: Node] = [:]
    /// The results of `quantizeLinear` that are only dequantized again, by the same parameters.
    private var plain: Set<ValueID> = []
    /// The nodes that dequantize constants.
    private let weights: [ValueID: Node]
    /// Convolutions among `nodes` that have no addend yet, by their float result.
    private var openConvolutions: [ValueID: Int] = [:]

    init(_ graph: Graph) {
        self.graph = graph
        uses = GraphUses(graph)
        weights = graph.dequantizedConstants()
        let outputs = Set(graph.outputs)
        plain = Self.plainResults(graph)
        for node in graph.nodes where node.quantizes && plain.contains(node.outputs[0]) {
            guard let x = node.input(0), uses.counts[x] == 1, !outputs.contains(x) else { continue }
            quantizers[x] = node
        }
    }

    private static func plainResults(_ graph: Graph) -> Set<ValueID> {
        var parameters: [ValueID: QuantizationParameters] = [:]
        for node in graph.nodes where node.quantizes { parameters[node.outputs[0]] = activation(graph, node) }
        for node in graph.nodes {
            for case let id? in node.inputs {
                guard let written = parameters[id] else { continue }
                if case .dequantizeLinear = node.op, activation(graph, node) == written { continue }
                parameters[id] = nil
            }
        }
        return Set(parameters.keys).subtracting(graph.outputs)
    }

    /// The parameters of a node that quantizes or dequantizes activations: bytes, one scale; s8 count from −128 as u8.
    private static func activation(_ graph: Graph, _ node: Node) -> QuantizationParameters? {
        guard let parameters = graph.quantizationParameters(of: node), let scale = parameters.scale,
            let zeroPoint = parameters.zeroPoint
        else { return nil }
        let stored: ValueID?
        if case .quantizeLinear = node.op { stored = node.outputs.first } else { stored = node.input(0) }
        switch stored.map({ graph[$0].dtype }) {
        case .uint8: return parameters
        case .int8: return QuantizationParameters(scale: scale, zeroPoint: zeroPoint + 128)
        default: return nil
        }
    }

    /// Inputs that are only quantized are delivered as bytes.
    mutating func absorbInputs() {
        for (index, input) in graph.inputs.enumerated() {
            guard let quantizer = quantizers[input], let parameters = Self.activation(graph, quantizer),
                graph[quantizer.outputs[0]].dtype == .uint8
            else { continue }
            var value = graph[input]
            value.dtype = .uint8
            value.quantization = parameters
            let id = graph.addValue(value)
            graph.inputs[index] = id
            integers[input] = id
        }
    }

    // MARK: Nodes

    mutating func absorb(_ node: Node, at index: Int) throws(GraphError) {
        switch node.op {
        case .quantizeLinear: absorbQuantize(node)
        case .dequantizeLinear: absorbDequantize(node)
        case .convolution(let convolution): absorbConvolution(node, convolution)
        case .reshape, .transpose, .slice, .split, .expand, .tile, .gather, .maxPool, .concat, .identity:
            absorbMovement(node)
        case .resize(let resize) where resize.mode == .nearest: absorbMovement(node)
        case .binary(.add) where addToConvolution(node): break
        case .binary(.add), .binary(.sub), .binary(.mul), .matMul: absorbArithmetic(node, operands: 2)
        case .softmax(let axis) where axis + 1 == graph.shape(of: node.outputs[0])?.rank:
            absorbArithmetic(node, operands: 1)
        case .unary(.sigmoid), .unary(.silu), .unary(.tanh), .unary(.hardSwish), .unary(.relu),
            .unary(.leakyRelu), .unary(.hardSigmoid):
            absorbArithmetic(node, operands: 1)
        default: emitFloat(node)
        }
    }

    private mutating func absorbQuantize(_ node: Node) {
        let result = node.outputs[0]
        guard quantized[result] == nil else { return }  // the node before has made it
        guard plain.contains(result), let x = node.input(0), let parameters = Self.activation(graph, node) else {
            return emitFloat(node)
        }
        if let held = integers[x], graph[held].quantization == parameters {
            quantized[result] = held
        } else {
            quantized[result] = requantized(x, to: parameters, like: x)
        }
    }

    private mutating func absorbDequantize(_ node: Node) {
        guard let x = node.input(0), let held = quantized[x] else { return emitFloat(node) }
        integers[node.outputs[0]] = held
    }

    /// The bytes move; concatenated ones must mean the same, which what follows decides.
    private mutating func absorbMovement(_ node: Node) {
        let data = node.op.movesAllInputs ? node.inputs.compactMap { $0 } : [node.input(0)].compactMap { $0 }
        let held = data.compactMap { integers[$0] }
        guard held.count == data.count, let first = held.first, var parameters = graph[first].quantization else {
            return emitFloat(node)
        }
        if held.contains(where: { graph[$0].quantization != parameters }) {
            guard let quantizer = quantizers[node.outputs[0]], let wanted = Self.activation(graph, quantizer) else {
                return emitFloat(node)
            }
            parameters = wanted
        }
        var moved = node
        for (index, id) in node.inputs.enumerated() {
            guard let id, data.contains(id) else { continue }
            moved.inputs[index] = requantized(id, to: parameters, like: id)
        }
        moved.outputs = node.outputs.map { id in
            let result = add(like: id, parameters)
            integers[id] = result
            return result
        }
        nodes.append(moved)
    }

    /// An operator that has integer kernels from bytes to bytes.
    private mutating func absorbArithmetic(_ node: Node, operands: Int) {
        guard let result = node.outputs.first, let quantizer = quantizers[result],
            let parameters = Self.activation(graph, quantizer)
        else { return emitFloat(node) }
        var integer = node
        for index in 0..<operands {
            guard let id = node.input(index), let held = integers[id] else { return emitFloat(node) }
            integer.inputs[index] = held
        }
        let output = add(like: result, parameters)
        integer.outputs = [output]
        quantized[quantizer.outputs[0]] = output
        nodes.append(integer)
    }

    // MARK: Convolutions

    private mutating func absorbConvolution(_ node: Node, _ convolution: Convolution) {
        guard convolution.dataFormat == .channelsLast, let x = node.input(0), let held = integers[x],
            let input = graph[held].quantization?.scale, let weights = integerWeights(node.input(1)),
            let bias = integerBias(node.input(2), input: input, weights: weights.parameters, count: weights.channels)
        else { return emitFloat(node) }
        var integer = node
        integer.inputs = [held, weights.id, bias]
        let result = node.outputs[0]
        if let quantizer = quantizers[result], let parameters = Self.activation(graph, quantizer) {
            let output = add(like: result, parameters)
            integer.outputs = [output]
            quantized[quantizer.outputs[0]] = output
        } else {
            floats.insert(result)
            if uses.counts[result] == 1 { openConvolutions[result] = nodes.count }
        }
        nodes.append(integer)
    }

    /// Takes the addition of a quantized tensor into the convolution that makes the other operand.
    private mutating func addToConvolution(_ node: Node) -> Bool {
        guard let a = node.input(0), let b = node.input(1), let quantizer = quantizers[node.outputs[0]],
            let parameters = Self.activation(graph, quantizer)
        else { return false }
        for (sum, addend) in [(a, b), (b, a)] {
            guard let index = openConvolutions[sum], let held = integers[addend],
                graph.shape(of: sum) == graph.shape(of: addend), isMade(held, before: index),
                let scale = graph[held].quantization?.scale, let step = parameters.scale, scale < 1.9 * step
            else { continue }
            let output = add(like: node.outputs[0], parameters)
            nodes[index].inputs.append(held)
            nodes[index].outputs = [output]
            quantized[quantizer.outputs[0]] = output
            openConvolutions[sum] = nil
            return true
        }
        return false
    }

    private func isMade(_ id: ValueID, before index: Int) -> Bool {
        !nodes[index...].contains { $0.outputs.contains(id) }
    }

    /// Weights as s8 with zero point 0, one scale a channel or one for all.
    private mutating func integerWeights(
        _ id: ValueID?
    ) -> (id: ValueID, parameters: QuantizationParameters, channels: Int)? {
        guard let id, let node = weights[id], let x = node.input(0), let tensor = graph.constants[x],
            let parameters = graph.quantizationParameters(of: node), parameters.axis ?? 0 == 0,
            tensor.shape.rank == 4
        else { return nil }
        let integers: Tensor
        switch tensor.dtype {
        case .int8 where parameters.zeroPoints.allSatisfy { $0 == 0 }: integers = tensor
        case .uint8 where parameters.zeroPoints.allSatisfy { $0 == 128 }:
            let bytes = tensor.elements(as: UInt8.self).map { Int8(bitPattern: $0 ^ 128) }
            guard let moved = try? Tensor(bytes, shape: tensor.shape.dimensions) else { return nil }
            integers = moved
        default: return nil
        }
        let held = graph.addConstant(integers, name: graph[id].name)
        let zeros = parameters.scales.map { _ in Int32(0) }
        let own =
            parameters.axis == nil
            ? QuantizationParameters(scale: parameters.scales[0], zeroPoint: 0)
            : QuantizationParameters(scales: parameters.scales, zeroPoints: zeros, axis: 0)
        guard let own else { return nil }
        graph[held].quantization = own
        return (held, own, tensor.shape[0])
    }

    /// The bias in units of the sums, s32.
    private mutating func integerBias(
        _ id: ValueID?, input: Float, weights: QuantizationParameters, count: Int
    ) -> ValueID? {
        var values = [Float](repeating: 0, count: count)
        var name = "bias"
        if let id {
            name = graph[id].name
            if let tensor = graph.constants[id], tensor.dtype == .float32 {
                values = tensor.elements(as: Float.self)
            } else if let node = self.weights[id], let parameters = graph.quantizationParameters(of: node),
                let tensor = node.input(0).flatMap({ graph.constants[$0] }), let numbers = tensor.integers
            {
                values = numbers.enumerated().map { index, number in
                    let place = parameters.axis == nil ? 0 : index
                    return Float(Double(number - Int(parameters.zeroPoints[place])) * Double(parameters.scales[place]))
                }
            } else {
                return nil
            }
        }
        guard values.count == count else { return nil }
        var sums: [Int32] = []
        var scales: [Float] = []
        for (channel, value) in values.enumerated() {
            let scale = input * weights.scales[weights.axis == nil ? 0 : channel]
            let sum = (Double(value) / Double(scale)).rounded(.toNearestOrEven)
            guard scale > 0, abs(sum) < 0x1p30 else { return nil }
            sums.append(Int32(sum))
            scales.append(scale)
        }
        guard let tensor = try? Tensor(sums, shape: [count]) else { return nil }
        let held = graph.addConstant(tensor, name: name)
        graph[held].quantization = QuantizationParameters(
            scales: scales, zeroPoints: scales.map { _ in 0 }, axis: 0)
        return held
    }

    // MARK: Values

    /// A quantized value in the place of `id`, with its name and shape: by that name a caller finds the bytes.
    private mutating func add(like id: ValueID, _ parameters: QuantizationParameters) -> ValueID {
        var value = Value(name: graph[id].name, dtype: .uint8, shape: graph.shape(of: id))
        value.quantization = parameters
        return graph.addValue(value)
    }

    /// The numbers of a float value as bytes with these parameters.
    private mutating func requantized(
        _ id: ValueID, to parameters: QuantizationParameters, like named: ValueID
    ) -> ValueID {
        let source = integers[id] ?? float(id)
        if graph[source].quantization == parameters { return source }
        let result = add(like: named, parameters)
        nodes.append(Node(name: graph[named].name, op: .requantize, inputs: [source], outputs: [result]))
        return result
    }

    /// The value as float32; it is written out once.
    private mutating func float(_ id: ValueID) -> ValueID {
        guard let held = integers[id], floats.insert(id).inserted else { return id }
        nodes.append(Node(name: graph[id].name, op: .requantize, inputs: [held], outputs: [id]))
        return id
    }

    /// The node as it is, on float values.
    private mutating func emitFloat(_ node: Node) {
        var node = node
        node.inputs = node.inputs.map { id in id.map { float($0) } }
        nodes.append(node)
    }

    mutating func finished(portsStayFloat: Bool) -> Graph {
        for (index, id) in graph.outputs.enumerated() {
            guard let held = integers[id] else { continue }
            if portsStayFloat || graph.inputs.contains(held) || graph.outputs.contains(held) {
                _ = float(id)
            } else {
                graph[held].name = graph[id].name
                graph.outputs[index] = held
            }
        }
        graph.nodes = nodes
        return graph
    }
}

extension Operator {
    /// Whether every input is data that is moved, not a parameter.
    fileprivate var movesAllInputs: Bool {
        if case .concat = self { true } else { false }
    }
}

extension Node {
    fileprivate var quantizes: Bool {
        if case .quantizeLinear = op { true } else { false }
    }
}
