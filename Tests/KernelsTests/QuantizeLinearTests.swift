import Kernels
import Tensors
import Testing

/// The naive conversions on views with gaps between rows, along every axis, and for values that are no numbers.
@Suite struct QuantizeLinearTests {
    private let shape = [2, 3, 4]

    /// Rows of 4 elements, 7 apart.
    private func quantized(_ x: [Float], _ parameters: QuantizationParameters) throws -> [Int8] {
        var source = Array(repeating: Float(99), count: 6 * 7)
        for index in x.indices { source[index / 4 * 7 + index % 4] = x[index] }
        var target = Array(repeating: Int8(77), count: 6 * 5)
        let shape = try Shape(shape)
        source.withUnsafeMutableBytes { source in
            target.withUnsafeMutableBytes { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                Reference.quantize(
                    TensorView(address: from, dtype: .float32, shape: shape, rowStride: 7),
                    to: TensorView(address: to, dtype: .int8, shape: shape, rowStride: 5), parameters)
            }
        }
        #expect((0..<6).allSatisfy { target[$0 * 5 + 4] == 77 })
        return (0..<24).map { target[$0 / 4 * 5 + $0 % 4] }
    }

    @Test(arguments: [nil, 0, 1, 2]) func axes(_ axis: Int?) throws {
        var numbers = Numbers(seed: 5)
        let x = numbers.floats(24)
        let count = axis.map { shape[$0] } ?? 1
        let scales = (0..<count).map { 0.01 + 0.005 * Float($0) }
        let zeroPoints = (0..<count).map { Int32($0 * 10 - 7) }
        let parameters = try #require(
            axis.map { QuantizationParameters(scales: scales, zeroPoints: zeroPoints, axis: $0) }
                ?? QuantizationParameters(scale: scales[0], zeroPoint: zeroPoints[0]))
        let result = try quantized(x, parameters)
        for index in x.indices {
            let place = [index / 12, index / 4 % 3, index % 4]
            let at = axis.map { place[$0] } ?? 0
            let q = (x[index] / scales[at]).rounded(.toNearestOrEven) + Float(zeroPoints[at])
            #expect(Float(result[index]) == min(max(q, -128), 127))
        }
        // And back.
        let tensor = try Tensor(result, shape: shape)
        var reals = Array(repeating: Float(0), count: 24)
        reals.withUnsafeMutableBytes { bytes in
            guard let to = bytes.baseAddress else { return }
            Reference.dequantize(
                TensorView(tensor), to: TensorView(address: to, dtype: .float32, shape: tensor.shape), parameters)
        }
        for index in x.indices where abs(result[index]) < 127 {
            let place = [index / 12, index / 4 % 3, index % 4]
            #expect(abs(reals[index] - x[index]) <= scales[axis.map { place[$0] } ?? 0] * 0.501)
        }
    }

    @Test func extremes() throws {
        var x = Array(repeating: Float(0), count: 24)
        x[0...6] = [.nan, .infinity, -.infinity, 1e38, -1e38, 2.5, 3.5]
        let result = try quantized(x, QuantizationParameters(scale: 1, zeroPoint: 5))
        #expect(Array(result[0...7]) == [5, 127, -128, 127, -128, 7, 9, 5])
    }
}
