import Quantization
import Tensors
import Testing

@Suite struct WeightScalesTests {
    private func backAgain(_ weights: Tensor, _ scales: [Float]) -> [Float] {
        let row = weights.shape.count / scales.count
        return WeightScales.rounded(weights, scales: scales).enumerated().map { Float($1) * scales[$0 / row] }
    }

    /// Weights that come from an 8-bit model are kept exactly, whatever the greatest integer of a channel is.
    @Test(arguments: [127, 126, 101, 64]) func gridsAreKept(_ greatest: Int) throws {
        var numbers = Numbers(seed: 1)
        let steps: [Float] = [0.003, 0.5, 1e-5]
        var integers = (0..<3 * 40).map { _ in Int(numbers.next() % UInt64(2 * greatest + 1)) - greatest }
        for channel in 0..<3 { integers[channel * 40 + 7] = channel == 1 ? -greatest : greatest }
        let weights = try Tensor(
            integers.enumerated().map { Float($1) * steps[$0 / 40] }, shape: [3, 10, 2, 2])
        let scales = WeightScales.leastSquares(weights, inputScale: 1, bias: nil)
        for (scale, step) in zip(scales, steps) { #expect(abs(scale / step - 1) < 1e-5) }
        #expect(WeightScales.rounded(weights, scales: scales).map { Int($0) } == integers)
    }

    @Test func outliersMayBeClipped() throws {
        var numbers = Numbers(seed: 2)
        let values = numbers.normals(200_000).map { $0 * 0.1 } + [0.6]
        let weights = try Tensor(values, shape: [1, 200_001, 1, 1])
        func error(_ scale: Float) -> Float {
            zip(values, backAgain(weights, [scale])).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        let scale = WeightScales.leastSquares(weights, inputScale: 1, bias: nil)[0]
        #expect(scale < 0.6 / 127)
        #expect(error(scale) < 0.8 * error(0.6 / 127))
    }

    /// The bias must fit into int32 at the scale of the sums.
    @Test func scalesAreNotTooSmallForTheBias() throws {
        let weights = try Tensor([Float(0), 0, 1e-12, -1e-12, 1, 1], shape: [3, 2, 1, 1])
        let bias: [Float] = [3, -100, 0]
        let scales = WeightScales.leastSquares(weights, inputScale: 0.01, bias: bias)
        for (scale, bias) in zip(scales, bias) {
            #expect(scale > 0 && scale.isFinite)
            let integer = bias / (scale * 0.01)
            #expect(abs(integer) < 0x1p30)
            // And not so large that it is lost.
            #expect(bias == 0 || abs(integer) > 0x1p20)
        }
    }
}
