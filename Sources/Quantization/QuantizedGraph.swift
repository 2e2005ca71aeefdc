package import Graphs
import Tensors

extension Graph {
    /// The graph with batch normalizations multiplied into the convolutions before them, in which a recipe's names are
    /// looked up.
    func preparedForQuantization() throws(QuantizationError) -> Graph {
        var graph = self
        do {
            try graph.fuseConvBatchNorm()
            graph.eliminateDeadNodes()
            try GraphSpec.check(graph, pass: "preparedForQuantization", specialized: false)
        } catch { throw .invalidGraph(error) }
        return graph
    }

    /// The graph as quantizeLinear and dequantizeLinear nodes say it: behind each value of the recipe one of each, before
    /// weights and biases a dequantizeLinear of their integers.
    ///
    /// Run in float it gives what integer kernels give, up to sums that lie on the border between two integers.
    ///
    /// - Parameter recipe: made for this graph (one as imported) by `Quantizer`.
    package func quantized(by recipe: QuantizationRecipe) throws(QuantizationError) -> Graph {
        let prepared = try preparedForQuantization()
        var writer = QuantizedGraphWriter(prepared, recipe)
        let graph = try writer.graph()
        do {
            try GraphSpec.check(graph, pass: "quantized", specialized: false)
        } catch { throw .invalidGraph(error) }
        return graph
    }
}

/// Rebuilds the node list with conversions between.
private struct QuantizedGraphWriter {
    private let source: Graph
    private let recipe: QuantizationRecipe
    private var result: Graph
    private var nodes = [Node]()
    /// What stands for a value in the new graph.
    private var substitutes = [ValueID: ValueID]()
    /// Constants of scales and zero points that are made already.
    private var parameters = [QuantizationParameters: [ValueID]]()
    private var quantizedIDs = Set<ValueID>()

    init(_ graph: Graph, _ recipe: QuantizationRecipe) {
        source = graph
        self.recipe = recipe
        result = graph
    }

    mutating func graph() throws(QuantizationError) -> Graph {
        try checkNames()
        for id in source.inputs { try convert(id) }
        // A group stands where its last node does: its convolution may need a residual that is made later.
        let groups = source.fusedGroups(ends: quantizedIDs, assumesShapes: true)
            .filter { quantizedIDs.contains($0.output) }
        var deferred = Set<Int>()
        var ends = [Int: FusedGroup]()
        for group in groups {
            deferred.formUnion(group.nodes.dropLast())
            ends[group.nodes[group.nodes.count - 1]] = group
        }
        for index in source.nodes.indices where !deferred.contains(index) {
            for index in ends[index]?.nodes ?? [index] { try write(source.nodes[index]) }
        }
        result.nodes = nodes
        result.outputs = source.outputs.map { substitutes[$0] ?? $0 }
        result.eliminateDeadNodes()
        return result
    }

    private mutating func checkNames() throws(QuantizationError) {
        var made = [String: ValueID]()
        for id in source.inputs + source.nodes.flatMap(\.outputs) { made[source[id].name] = id }
        for (name, parameters) in recipe.values {
            guard let id = made[name] else { throw .unknownValue(name) }
            guard source[id].dtype == .float32 else { throw .invalidRecipe("\"\(name)\" is not float32") }
            guard parameters.axis == nil, let scale = parameters.scale, scale > 0, scale.isFinite,
                let zeroPoint = parameters.zeroPoint, (0...255).contains(zeroPoint)
            else { throw .invalidRecipe("the parameters of \"\(name)\"") }
            quantizedIDs.insert(id)
        }
        for name in Set(recipe.weightScales.keys).union(recipe.biasShifts.keys) where made[name] == nil {
            throw .unknownValue(name)
        }
    }

    private mutating func write(_ node: Node) throws(QuantizationError) {
        var node = node
        let original = node
        node.inputs = node.inputs.map { $0.map { substitutes[$0] ?? $0 } }
        if case .convolution = node.op { try quantizeWeights(&node, original) }
        nodes.append(node)
        for id in node.outputs { try convert(id) }
    }

    /// Appends the conversion to integers and back; what uses the value then uses the converted one.
    private mutating func convert(_ id: ValueID) throws(QuantizationError) {
        guard quantizedIDs.contains(id), let parameters = recipe.values[source[id].name] else { return }
        let name = source[id].name
        let constants = try constants(parameters, name: name)
        let shape = source.shape(of: id)
        let integers = result.addValue(Value(name: "\(name)_QuantizeLinear_Output", dtype: .uint8, shape: shape))
        let back = result.addValue(Value(name: "\(name)_DequantizeLinear_Output", dtype: .float32, shape: shape))
        if source.outputs.contains(id), !source.inputs.contains(id) {
            // The graph's output keeps its name.
            result[back].name = name
            result[id].name = "\(name)_QuantizeLinear_Input"
        }
        nodes.append(
            Node(
                name: "\(name)_QuantizeLinear", op: .quantizeLinear(axis: 0), inputs: [id] + constants,
                outputs: [integers]))
        nodes.append(
            Node(
                name: "\(name)_DequantizeLinear", op: .dequantizeLinear(axis: 0), inputs: [integers] + constants,
                outputs: [back]))
        substitutes[id] = back
    }

    /// Scale and zero point, made once for all values that share them.
    private mutating func constants(
        _ parameters: QuantizationParameters, name: String
    ) throws(QuantizationError) -> [ValueID] {
        if let known = self.parameters[parameters] { return known }
        let made = [
            try constant([parameters.scales[0]], [], "\(name)_scale"),
            try constant([UInt8(clamping: parameters.zeroPoints[0])], [], "\(name)_zero_point"),
        ]
        self.parameters[parameters] = made
        return made
    }

    /// Replaces the float weights and bias of a convolution of the recipe by integers.
    private mutating func quantizeWeights(_ node: inout Node, _ original: Node) throws(QuantizationError) {
        let name = source[original.outputs[0]].name
        let shift = recipe.biasShifts[name]
        guard let scales = recipe.weightScales[name] else {
            guard shift == nil else { throw .invalidRecipe("a bias of float weights of \"\(name)\"") }
            return
        }
        guard let x = original.input(0), let input = recipe.values[source[x].name]?.scale,
            let weights = original.input(1).flatMap({ source.constants[$0] }), weights.dtype == .float32,
            weights.shape.rank == 4, weights.shape[0] == scales.count, shift?.count ?? scales.count == scales.count,
            scales.allSatisfy({ $0.isFinite && $0 > 0 })
        else { throw .invalidRecipe("the weights of \"\(name)\"") }
        let bias = original.input(2).flatMap { source.constants[$0] }
        guard original.input(2) == nil || bias?.dtype == .float32 else {
            throw .invalidRecipe("the bias of \"\(name)\" is computed")
        }

        let integers = try constant(
            WeightScales.rounded(weights, scales: scales), weights.shape.dimensions, "\(name)_weights_quantized")
        node.inputs[1] = try dequantized(
            integers, scales: scales, zeroPoints: scales.map { _ in Int8(0) }, name: "\(name)_weights")
        guard bias != nil || shift != nil else { return }
        var values = bias?.elements(as: Float.self) ?? scales.map { _ in 0 }
        for (index, difference) in (shift ?? []).enumerated() { values[index] += difference }
        // Of the sums of the products.
        let sumScales = scales.map { max($0 * input, .leastNormalMagnitude) }
        let sums = values.indices.map { index in
            Int32(clamping: Int64((values[index] / sumScales[index]).rounded(.toNearestOrEven).clamped))
        }
        let biases = try constant(sums, [sums.count], "\(name)_bias_quantized")
        while node.inputs.count < 3 { node.inputs.append(nil) }
        node.inputs[2] = try dequantized(
            biases, scales: sumScales, zeroPoints: sums.map { _ in Int32(0) }, name: "\(name)_bias")
    }

    /// The floats that integers stand for, by output channel.
    private mutating func dequantized<Zero: TensorElement>(
        _ integers: ValueID, scales: [Float], zeroPoints: [Zero], name: String
    ) throws(QuantizationError) -> ValueID {
        let inputs = [
            integers, try constant(scales, [scales.count], "\(name)_scale"),
            try constant(zeroPoints, [zeroPoints.count], "\(name)_zero_point"),
        ]
        let output = result.addValue(Value(name: "\(name)_DequantizeLinear_Output", dtype: .float32))
        nodes.append(
            Node(
                name: "\(name)_DequantizeLinear", op: .dequantizeLinear(axis: 0), inputs: inputs, outputs: [output]))
        return output
    }

    private mutating func constant<Element: TensorElement>(
        _ elements: [Element], _ shape: [Int], _ name: String
    ) throws(QuantizationError) -> ValueID {
        do {
            return result.addConstant(try Tensor(elements, shape: shape), name: name)
        } catch { throw .outOfMemory(bytes: elements.count * Element.dtype.stride) }
    }
}

extension Float {
    /// In the range of Int64; 0 for what is no number.
    fileprivate var clamped: Float { isNaN ? 0 : Swift.min(Swift.max(self, -0x1p62), 0x1p62) }
}
