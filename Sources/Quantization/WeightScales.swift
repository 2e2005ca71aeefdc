package import Tensors

/// Int8 scales for the weights of a convolution, one for each output channel.
package enum WeightScales {
    /// The greatest weight of a channel may stand for these integers; past 127 it is clipped.
    private static let candidates = 64...200

    /// The scales with the least squared error.
    ///
    /// The candidates are such that the greatest weight of a channel is a whole number of steps. So weights that lie on a
    /// grid of integers already, because the model was made from an 8-bit one, are found and kept exactly.
    ///
    /// - Parameters:
    ///   - inputScale: of the convolution's input.
    ///   - bias: bounds the scale from below, so that bias ÷ (inputScale · scale) is in the range of int32.
    package static func leastSquares(_ weights: Tensor, inputScale: Float, bias: [Float]?) -> [Float] {
        let channels = weights.shape[0]
        let count = weights.shape.count / max(channels, 1)
        return weights.withElements(as: Float.self) { elements in
            (0..<channels).map { channel in
                let row = UnsafeBufferPointer(rebasing: elements[channel * count..<(channel + 1) * count])
                let least = abs(bias?[channel] ?? 0) / (inputScale * 0x1p28)
                return max(scale(of: row), least, Float.leastNormalMagnitude * 0x1p20)
            }
        }
    }

    private static func scale(of row: UnsafeBufferPointer<Float>) -> Float {
        var greatest: Float = 0
        for weight in row { greatest = max(greatest, abs(weight)) }
        guard greatest > 0 else { return 0 }
        var best = greatest / 127
        var bestError = error(of: row, scale: best)
        for steps in candidates where steps != 127 {
            let scale = greatest / Float(steps)
            let error = error(of: row, scale: scale)
            if error < bestError * 0.999 { (best, bestError) = (scale, error) }
        }
        return best
    }

    private static func error(of row: UnsafeBufferPointer<Float>, scale: Float) -> Float {
        let inverse = 1 / scale
        var sum: Float = 0
        for weight in row {
            let q = min(max((weight * inverse).rounded(.toNearestOrEven), -127), 127)
            let error = q * scale - weight
            sum += error * error
        }
        return sum
    }

    /// The integers of weights, and what they stand for.
    package static func rounded(_ weights: Tensor, scales: [Float]) -> [Int8] {
        let count = weights.shape.count / max(scales.count, 1)
        return weights.withElements(as: Float.self) { elements in
            elements.indices.map { index in
                let q = (elements[index] / scales[index / count]).rounded(.toNearestOrEven)
                return Int8(min(max(q, -127), 127))
            }
        }
    }
}
