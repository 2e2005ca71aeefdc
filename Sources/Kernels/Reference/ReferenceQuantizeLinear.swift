package import Tensors

extension Reference {
    /// y = saturate(round(x ÷ scale) + zeroPoint), ties to even; x is float, y uint8 or int8. NaN becomes the zero
    /// point.
    package static func quantize(_ x: TensorView, to y: TensorView, _ parameters: QuantizationParameters) {
        switch y.dtype {
        case .uint8: quantizeElements(x, y, parameters, as: UInt8.self)
        case .int8: quantizeElements(x, y, parameters, as: Int8.self)
        default: preconditionFailure("quantization to \(y.dtype)")
        }
    }

    /// y = scale · (x − zeroPoint); x is uint8, int8 or int32, y float.
    package static func dequantize(_ x: TensorView, to y: TensorView, _ parameters: QuantizationParameters) {
        switch x.dtype {
        case .uint8: dequantizeElements(x, y, parameters, as: UInt8.self)
        case .int8: dequantizeElements(x, y, parameters, as: Int8.self)
        case .int32: dequantizeElements(x, y, parameters, as: Int32.self)
        default: preconditionFailure("dequantization of \(x.dtype)")
        }
    }

    private static func quantizeElements<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ x: TensorView, _ y: TensorView, _ parameters: QuantizationParameters, as type: Integer.Type
    ) {
        let lowest = Float(Integer.min)
        let highest = Float(Integer.max)
        forEachRow(x, y, parameters, from: Float.self, to: type) { source, target, count, scale, zeroPoint in
            let shift = Float(zeroPoint)
            for index in 0..<count {
                let rounded = (source[index] / scale).rounded(.toNearestOrEven) + shift
                // Ordered so that NaN falls through to the zero point.
                let q = rounded >= highest ? highest : rounded <= lowest ? lowest : rounded == rounded ? rounded : shift
                target[index] = Integer(truncatingIfNeeded: Int32(q))
            }
        }
    }

    private static func dequantizeElements<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ x: TensorView, _ y: TensorView, _ parameters: QuantizationParameters, as type: Integer.Type
    ) {
        forEachRow(x, y, parameters, from: type, to: Float.self) { source, target, count, scale, zeroPoint in
            for index in 0..<count { target[index] = scale * Float(Int64(source[index]) - Int64(zeroPoint)) }
        }
    }

    /// Calls `body` with pieces of the rows of x and y: whole rows, or single elements where the parameters differ along
    /// the last axis.
    private static func forEachRow<Source, Target>(
        _ x: TensorView, _ y: TensorView, _ parameters: QuantizationParameters, from: Source.Type, to: Target.Type,
        _ body: (UnsafePointer<Source>, UnsafeMutablePointer<Target>, Int, Float, Int32) -> Void
    ) {
        let source = x.pointer(as: from)
        let target = y.pointer(as: to)
        let rank = x.shape.rank
        let length = x.shape.rowLength
        let isAlongRow = parameters.axis.map { $0 == rank - 1 } ?? false
        // The parameters' index is (row ÷ inner) mod their count.
        var inner = 1
        if let axis = parameters.axis, axis < rank - 1 {
            inner = x.shape.dimensions[(axis + 1)..<(rank - 1)].reduce(1, *)
        }
        for row in 0..<x.shape.rowCount {
            let from = source + row * x.rowStride
            let to = target + row * y.rowStride
            if isAlongRow {
                for index in 0..<length {
                    body(from + index, to + index, 1, parameters.scales[index], parameters.zeroPoints[index])
                }
            } else {
                let index = parameters.axis == nil ? 0 : row / max(inner, 1) % parameters.scales.count
                body(from, to, length, parameters.scales[index], parameters.zeroPoints[index])
            }
        }
    }
}
