package import Tensors

/// The scale and zero point of a tensor of bytes: real = scale · (q − zeroPoint).
package struct ByteQuantization: Hashable, Sendable {
    package var scale: Float
    package var zeroPoint: UInt8

    package init(scale: Float, zeroPoint: UInt8) {
        self.scale = scale
        self.zeroPoint = zeroPoint
    }

    /// Nil where the parameters differ along an axis or the zero point is not a byte.
    package init?(_ parameters: QuantizationParameters) {
        guard let scale = parameters.scale, let zeroPoint = parameters.zeroPoint.flatMap(UInt8.init(exactly:)) else {
            return nil
        }
        self.init(scale: scale, zeroPoint: zeroPoint)
    }

    /// The number that `byte` stands for.
    package func real(_ byte: UInt8) -> Float { Float(Int32(byte) - Int32(zeroPoint)) * scale }

    /// The byte nearest to `real`, ties to even; 0 for NaN.
    package func byte(_ real: Float) -> UInt8 {
        let rounded = (real / scale).rounded(.toNearestOrEven) + Float(zeroPoint)
        return rounded >= 255 ? 255 : rounded > 0 ? UInt8(rounded) : 0
    }
}
