import Graphs
import Kernels
import Tensors

extension Graph {
    /// The graph with some of its integer nodes on float numbers: their operands are dequantized before, and their results
    /// quantized afterwards. Constants are dequantized here.
    ///
    /// - Parameter results: the first output of each such node.
    func withFloatNodes(making results: Set<ValueID>) throws(ExecutionError) -> Graph {
        var graph = self
        graph.nodes = []
        /// The float values that stand beside quantized ones.
        var floats: [ValueID: ValueID] = [:]
        func float(_ id: ValueID) throws(ExecutionError) -> ValueID {
            guard let quantization = self[id].quantization else { return id }
            if let made = floats[id] { return made }
            let value = graph.addValue(Value(name: "\(self[id].name).float", dtype: .float32, shape: shape(of: id)))
            floats[id] = value
            if let tensor = constants[id] {
                graph.setConstant(try tensor.dequantized(by: quantization), for: value)
            } else {
                graph.nodes.append(Node(name: self[id].name, op: .requantize, inputs: [id], outputs: [value]))
            }
            return value
        }
        for node in nodes {
            guard let result = node.outputs.first, results.contains(result) else {
                graph.nodes.append(node)
                continue
            }
            var node = node
            for (index, id) in node.inputs.enumerated() {
                if let id { node.inputs[index] = try float(id) }
            }
            var roundings: [Node] = []
            for (index, id) in node.outputs.enumerated() where self[id].quantization != nil {
                let value = graph.addValue(
                    Value(name: "\(self[id].name).real", dtype: .float32, shape: shape(of: id)))
                node.outputs[index] = value
                roundings.append(Node(name: self[id].name, op: .requantize, inputs: [value], outputs: [id]))
            }
            graph.nodes.append(node)
            graph.nodes += roundings
        }
        return graph
    }
}

extension Tensor {
    fileprivate func dequantized(by parameters: QuantizationParameters) throws(ExecutionError) -> Tensor {
        do {
            return try Tensor(dtype: .float32, shape: shape) { bytes in
                guard let target = bytes.baseAddress else { return }
                Reference.dequantize(
                    TensorView(self), to: TensorView(address: target, dtype: .float32, shape: shape), parameters)
            }
        } catch { throw ExecutionError(.outOfMemory(bytes: shape.count * DType.float32.stride)) }
    }
}
