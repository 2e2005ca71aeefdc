import Graphs
import Tensors

/// Convolution, normalization, pooling and resampling.
extension NodeExporter {
    func conv(_ convolution: Convolution) throws(ONNXError) {
        try checkFormat(convolution.dataFormat)
        guard convolution.activation == .none else { throw unfit("it has a fused activation") }
        guard node.input(3) == nil else { throw unfit("it has a fused addition") }
        var attributes = window(convolution.window)
        attributes["group"] = .integer(convolution.groups)
        let weights = node.input(1)
        let shape = weights.flatMap { state.graph.constants[$0] ?? integers(of: $0) }?.shape
        if let shape = shape ?? weights.flatMap({ state.graph.shape(of: $0) }), shape.rank == 4 {
            attributes["kernel_shape"] = .integers([shape[2], shape[3]])
        }
        write("Conv", attributes)
    }

    /// The integers of weights that are dequantized.
    private func integers(of id: ValueID) -> Tensor? {
        state.dequantized[id]?.input(0).flatMap { state.graph.constants[$0] }
    }

    func batchNormalization(_ normalization: BatchNormalization) throws(ONNXError) {
        try checkFormat(normalization.dataFormat)
        write("BatchNormalization", ["epsilon": .float(normalization.epsilon)])
    }

    func maxPool(_ pool: Pool) throws(ONNXError) { write("MaxPool", try attributes(pool)) }

    func averagePool(_ pool: Pool, countsPadding: Bool) throws(ONNXError) {
        guard pool.window.dilations == Size2D(1) || state.opset >= 19 else { throw unfit("it has dilations") }
        var attributes = try attributes(pool)
        attributes["dilations"] = nil
        attributes["count_include_pad"] = .flag(countsPadding)
        write("AveragePool", attributes)
    }

    func globalAveragePool(_ format: DataFormat) throws(ONNXError) {
        try checkFormat(format)
        write("GlobalAveragePool")
    }

    func resize(_ resize: Resize) throws(ONNXError) {
        try checkFormat(resize.dataFormat)
        let coordinates =
            switch resize.coordinates {
            case .asymmetric: "asymmetric"
            case .halfPixel: "half_pixel"
            case .pytorchHalfPixel: "pytorch_half_pixel"
            case .alignCorners: "align_corners"
            }
        let rounding =
            switch resize.rounding {
            case .preferFloor: "round_prefer_floor"
            case .preferCeil: "round_prefer_ceil"
            case .floor: "floor"
            case .ceil: "ceil"
            }
        write(
            "Resize",
            [
                "mode": .string(resize.mode.rawValue), "coordinate_transformation_mode": .string(coordinates),
                "nearest_mode": .string(rounding),
            ], inputs: [name(0), "", name(1), name(2)])
    }

    private func attributes(_ pool: Pool) throws(ONNXError) -> [String: Attribute] {
        try checkFormat(pool.dataFormat)
        var attributes = window(pool.window)
        attributes["kernel_shape"] = .integers([pool.kernel.height, pool.kernel.width])
        attributes["ceil_mode"] = .flag(pool.ceilMode)
        return attributes
    }

    func window(_ window: Window) -> [String: Attribute] {
        var attributes: [String: Attribute] = [
            "strides": .integers([window.strides.height, window.strides.width]),
            "dilations": .integers([window.dilations.height, window.dilations.width]),
        ]
        let padding = window.padding
        switch window.autoPadding {
        case .explicit:
            attributes["pads"] = .integers([padding.top, padding.left, padding.bottom, padding.right])
        case .sameUpper: attributes["auto_pad"] = .string("SAME_UPPER")
        case .sameLower: attributes["auto_pad"] = .string("SAME_LOWER")
        }
        return attributes
    }

    func checkFormat(_ format: DataFormat) throws(ONNXError) {
        guard format == .channelsFirst else { throw unfit("its images are in channels-last order") }
    }
}
