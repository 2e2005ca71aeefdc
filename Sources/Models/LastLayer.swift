package import Graphs
import Tensors

extension Graph {
    /// Gives a model that was trained for other classes a last layer for `classes` of them, with fresh weights: what
    /// fine-tuning begins with.
    ///
    ///     var model = try importONNX(contentsOf: "imagenet.onnx")
    ///     try model.replaceLastLayer(of: "logits", classes: 3, seed: 7)
    ///
    /// The last layer is the product or 1×1 convolution from which the output is computed by nothing but additions of a bias,
    /// changes of shape and a softmax. A softmax behind it goes: losses want logits.
    ///
    /// - Throws: `invalidAttribute` where there is no such layer, or where a shape behind it is fixed to the old number of
    ///   classes.
    package mutating func replaceLastLayer(of output: String, classes: Int, seed: UInt64 = 0) throws(GraphError) {
        guard classes > 0, let place = outputs.firstIndex(where: { self[$0].name == output }) else {
            throw GraphError(.invalidAttribute("there is no output \"\(output)\" for \(classes) classes"))
        }
        var biases: [ValueID] = []
        var current = outputs[place]
        while true {
            guard let index = nodes.firstIndex(where: { $0.outputs.contains(current) }) else {
                throw GraphError(.invalidAttribute("no layer of weights makes \"\(output)\""), value: output)
            }
            let node = nodes[index]
            switch node.op {
            case .softmax, .logSoftmax:
                guard current == outputs[place], let x = node.inputs[0] else {
                    throw GraphError(.invalidAttribute("a softmax before the last layer"), node: node.name)
                }
                self[x].name = output
                self[current].name = "\(output).softmax"
                outputs[place] = x
                current = x
            case .identity, .dropout, .flatten, .squeeze, .unsqueeze: current = node.inputs[0] ?? current
            case .reshape:
                if let extents = integers(node.input(1)), extents.last ?? 0 > 1 {
                    throw GraphError(
                        .invalidAttribute("a shape that is fixed to \(extents.last ?? 0) classes"), node: node.name)
                }
                current = node.inputs[0] ?? current
            case .binary(.add):
                let operands = node.inputs.compactMap { $0 }
                guard let bias = operands.first(where: { constants[$0] != nil }),
                    let sum = operands.first(where: { constants[$0] == nil })
                else { throw GraphError(.invalidAttribute("a sum before the last layer"), node: node.name) }
                biases.append(bias)
                current = sum
            case .matMul, .gemm, .convolution:
                try replaceWeights(of: node, biases, classes, seed)
                eliminateDeadNodes()
                return
            default:
                throw GraphError(
                    .invalidAttribute("\(node.op.name) between the last layer and the output"), node: node.name)
            }
        }
    }

    private mutating func replaceWeights(
        of node: Node, _ biases: [ValueID], _ classes: Int, _ seed: UInt64
    ) throws(GraphError) {
        guard let weights = node.input(1), let old = constants[weights] else {
            throw GraphError(.invalidAttribute("its weights are computed"), node: node.name)
        }
        var shape = old.shape.dimensions
        let outputAxis: Int
        switch node.op {
        case .convolution(let convolution):
            guard convolution.groups == 1 else { throw GraphError(.invalidAttribute("it has groups"), node: node.name) }
            outputAxis = 0
        case .gemm(let gemm) where gemm.transposesB: outputAxis = 0
        default: outputAxis = 1
        }
        guard shape.count >= 2 else { throw GraphError(.wrongRank(shape.count, expected: 2...4), node: node.name) }
        shape[outputAxis] = classes
        let inputs = old.shape.count / max(old.shape[outputAxis], 1)
        try replace(weights, shape, .standard, Fan(inputs), seed)
        let bound = Initializer.uniform(1 / Float(max(inputs, 1)).squareRoot())
        for bias in biases + [node.input(2)].compactMap({ $0 }) where constants[bias] != nil {
            try replace(bias, [classes], bound, Fan(1), seed)
        }
    }

    private mutating func replace(
        _ id: ValueID, _ shape: [Int], _ initializer: Initializer, _ fan: Fan, _ seed: UInt64
    ) throws(GraphError) {
        var numbers = Philox(seed: seed, stream: self[id].name.stableHash)
        do {
            let tensor = try Tensor(dtype: .float32, shape: Shape(shape)) { bytes in
                initializer.fill(bytes.bindMemory(to: Float.self), fan: fan, &numbers)
            }
            setConstant(tensor, for: id)
        } catch { throw GraphError(.tooLarge, value: self[id].name) }
    }
}
