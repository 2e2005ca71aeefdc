import Graphs
import Tensors

/// The mean of each channel of a convolution's input, as it is and as it is rounded.
struct ChannelMeans {
    private(set) var sums: [Double]
    private(set) var roundedSums: [Double]
    private var count = 0.0

    init(channels: Int) {
        sums = Array(repeating: 0, count: channels)
        roundedSums = sums
    }

    var means: [Double] { sums.map { $0 / max(count, 1) } }
    var roundedMeans: [Double] { roundedSums.map { $0 / max(count, 1) } }

    /// - Parameter elements: of a tensor N×C×H×W.
    mutating func add(_ elements: UnsafeBufferPointer<Float>, shape: Shape, _ parameters: QuantizationParameters) {
        guard shape.rank == 4, shape[1] == sums.count, shape.count > 0 else { return }
        let plane = shape[2] * shape[3]
        let inverse = 1 / parameters.scales[0]
        let zeroPoint = Float(parameters.zeroPoints[0])
        for index in 0..<shape[0] * shape[1] {
            let pixels = UnsafeBufferPointer(rebasing: elements[index * plane..<(index + 1) * plane])
            var sum: Float = 0
            var roundedSum: Float = 0
            for pixel in pixels {
                let q = min(max((pixel * inverse).rounded(.toNearestOrEven) + zeroPoint, 0), 255) - zeroPoint
                sum += pixel
                roundedSum += q
            }
            sums[index % shape[1]] += Double(sum)
            roundedSums[index % shape[1]] += Double(roundedSum) * Double(parameters.scales[0])
        }
        count += Double(shape[0] * plane)
    }
}

/// By how much rounding moves the mean of a convolution's result, which a change of its bias takes back.
enum BiasCorrection {
    /// For each output channel: mean of the float sums − mean of the rounded ones.
    ///
    /// By linearity these follow from the means of the input's channels. At the border taps see padding, which is zero;
    /// the means of what they do see are taken to be those of the whole image.
    ///
    /// - Parameters:
    ///   - input, output: shapes N×C×H×W.
    static func shifts(
        _ convolution: Convolution, weights: Tensor, scales: [Float], means: ChannelMeans, input: Shape, output: Shape
    ) -> [Float] {
        let window = convolution.window
        let rows = coverage(
            taps: weights.shape[2], inputs: input[2], outputs: output[2], stride: window.strides.height,
            dilation: window.dilations.height, padding: window.padding.top)
        let columns = coverage(
            taps: weights.shape[3], inputs: input[3], outputs: output[3], stride: window.strides.width,
            dilation: window.dilations.width, padding: window.padding.left)
        let taps = rows.flatMap { row in columns.map { row * $0 } }
        let exact = weights.elements(as: Float.self)
        let integers = WeightScales.rounded(weights, scales: scales)
        let (depth, outputs) = (weights.shape[1], weights.shape[0])
        let (before, after) = (means.means, means.roundedMeans)
        return (0..<outputs).map { o in
            let first = o / (outputs / max(convolution.groups, 1)) * depth
            var shift = 0.0
            for i in 0..<depth {
                var (left, right) = (0.0, 0.0)
                for tap in taps.indices {
                    let place = (o * depth + i) * taps.count + tap
                    left += taps[tap] * Double(exact[place])
                    right += taps[tap] * Double(integers[place])
                }
                shift += left * before[first + i] - right * Double(scales[o]) * after[first + i]
            }
            return Float(shift)
        }
    }

    /// For each tap along one axis, the share of the results for which it lies inside the image.
    private static func coverage(
        taps: Int, inputs: Int, outputs: Int, stride: Int, dilation: Int, padding: Int
    ) -> [Double] {
        (0..<taps).map { tap in
            let inside = (0..<outputs).filter { (0..<inputs).contains($0 * stride - padding + tap * dilation) }
            return Double(inside.count) / Double(max(outputs, 1))
        }
    }
}
