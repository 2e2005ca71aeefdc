import Graphs
import Tensors

/// Normalizations, recurrent layers, and what else networks are trained with.
extension NodeExporter {
    func convTranspose(_ convolution: Convolution, outputPadding: Size2D) throws(ONNXError) {
        try checkFormat(convolution.dataFormat)
        guard convolution.activation == .none else { throw unfit("it has a fused activation") }
        var attributes = window(convolution.window)
        attributes["group"] = .integer(convolution.groups)
        attributes["output_padding"] = .integers([outputPadding.height, outputPadding.width])
        if let shape = node.input(1).flatMap({ state.graph.shape(of: $0) }), shape.rank == 4 {
            attributes["kernel_shape"] = .integers([shape[2], shape[3]])
        }
        write("ConvTranspose", attributes)
    }

    func groupNormalization(_ normalization: GroupNormalization) throws(ONNXError) {
        try checkFormat(normalization.dataFormat)
        guard node.input(1) != nil, node.input(2) != nil else { throw unfit("it has no scale or no bias") }
        let epsilon = Attribute.float(normalization.epsilon)
        guard state.opset >= 21 else { return write("InstanceNormalization", ["epsilon": epsilon]) }
        write("GroupNormalization", ["epsilon": epsilon, "num_groups": .integer(normalization.groups)])
    }

    func layerNormalization(epsilon: Float) throws(ONNXError) {
        guard node.input(1) != nil else { throw unfit("it has no scale") }
        write("LayerNormalization", ["epsilon": .float(epsilon), "axis": .integer(-1)], outputs: 1)
    }

    /// In a file a dropout is what inference makes of it; its rate stays readable.
    func dropout(_ dropout: Dropout) {
        write("Dropout", inputs: [name(0), state.parameter(dropout.rate, name: "\(node.name).rate")])
    }

    func lstm(_ recurrence: Recurrence) throws(ONNXError) {
        write("LSTM", attributes(recurrence), outputs: 3)
    }

    func gru(_ recurrence: Recurrence, linearBeforeReset: Bool) throws(ONNXError) {
        var attributes = attributes(recurrence)
        attributes["linear_before_reset"] = .flag(linearBeforeReset)
        write("GRU", attributes, outputs: 2)
    }

    private func attributes(_ recurrence: Recurrence) -> [String: Attribute] {
        ["hidden_size": .integer(recurrence.hiddenSize), "direction": .string(recurrence.direction.rawValue)]
    }

    /// x · sigmoid(x), which ONNX has no operator for.
    func silu() {
        let gate = part("Sigmoid", [name(0)])
        write("Mul", inputs: [name(0), gate])
    }
}
