package import Tensors

extension QuantizationParameters {
    /// The parameters that a `quantizeLinear` or `dequantizeLinear` names by its tensors.
    ///
    /// - Parameter axis: counted from the front; without meaning where there is one scale.
    /// - Returns: nil unless the scales are float32, finite and above 0, with as many zero points.
    package init?(scale: Tensor, zeroPoint: Tensor?, axis: Int) {
        guard scale.dtype == .float32 else { return nil }
        let scales = scale.elements(as: Float.self)
        guard scales.allSatisfy({ $0.isFinite && $0 > 0 }) else { return nil }
        var zeroPoints = scales.map { _ in Int32(0) }
        if let zeroPoint {
            switch zeroPoint.dtype {
            case .uint8: zeroPoints = zeroPoint.elements(as: UInt8.self).map { Int32($0) }
            case .int8: zeroPoints = zeroPoint.elements(as: Int8.self).map { Int32($0) }
            case .int32: zeroPoints = zeroPoint.elements(as: Int32.self)
            default: return nil
            }
        }
        if scales.count == 1, zeroPoints.count == 1 {
            self.init(scale: scales[0], zeroPoint: zeroPoints[0])
        } else {
            self.init(scales: scales, zeroPoints: zeroPoints, axis: axis)
        }
    }
}

extension Graph {
    /// The parameters of a `quantizeLinear` or `dequantizeLinear`; nil for other nodes, and where they are computed or
    /// make no sense.
    package func quantizationParameters(of node: Node) -> QuantizationParameters? {
        switch node.op {
        case .quantizeLinear(let axis), .dequantizeLinear(let axis):
            guard let scale = node.input(1).flatMap({ constants[$0] }) else { return nil }
            let zeroPoint = node.input(2).flatMap { constants[$0] }
            guard node.input(2) == nil || zeroPoint != nil else { return nil }
            return QuantizationParameters(scale: scale, zeroPoint: zeroPoint, axis: axis)
        default: return nil
        }
    }

    /// The nodes that dequantize a constant by constant parameters, by their result: quantized weights.
    package func dequantizedConstants() -> [ValueID: Node] {
        var found = [ValueID: Node]()
        for node in nodes {
            guard case .dequantizeLinear = node.op, node.outputs.count == 1,
                node.inputs.allSatisfy({ $0.map { constants[$0] != nil } ?? true })
            else { continue }
            found[node.outputs[0]] = node
        }
        return found
    }
}
