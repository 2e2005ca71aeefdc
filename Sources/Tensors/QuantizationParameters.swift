/// How the integers of a quantized tensor stand for real numbers: real = scale · (q − zeroPoint), with one pair for the
/// whole tensor or one for each index along an axis.
///
/// The scheme is that of ONNX's QuantizeLinear and DequantizeLinear: q = saturate(round(real ÷ scale) + zeroPoint), ties
/// to even.
package struct QuantizationParameters: Hashable, Sendable {
    /// One, or one for each index along `axis`; positive and finite.
    package let scales: [Float]
    /// As many as there are scales.
    package let zeroPoints: [Int32]
    /// The axis along which the parameters differ; nil: one pair for the whole tensor.
    package let axis: Int?

    /// One pair for the whole tensor.
    package init(scale: Float, zeroPoint: Int32) {
        scales = [scale]
        zeroPoints = [zeroPoint]
        axis = nil
    }

    /// One pair for each index along `axis`; nil unless there are as many zero points as scales.
    package init?(scales: [Float], zeroPoints: [Int32], axis: Int) {
        guard scales.count == zeroPoints.count, !scales.isEmpty else { return nil }
        self.scales = scales
        self.zeroPoints = zeroPoints
        self.axis = axis
    }

    /// The only scale; nil where they differ along an axis.
    package var scale: Float? { axis == nil ? scales[0] : nil }
    /// The only zero point; nil where they differ along an axis.
    package var zeroPoint: Int32? { axis == nil ? zeroPoints[0] : nil }
}
