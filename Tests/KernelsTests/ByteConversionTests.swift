import CSaccadeKernels
import Kernels
import Tensors
import Testing

@Suite struct ByteConversionTests {
    /// The kernels of the registry that this machine runs.
    static let kernels = Registered.supported(sk_quantize_u8_kernels, name: \.name) {
        sk_isa_is_supported($0.isa)
    }

    @Test(arguments: kernels) func equalsNaive(_ kernel: Registered<sk_quantize_u8_kernel>) {
        var numbers = Numbers(seed: 111)
        for length in lengthsAroundVectors {
            for (rows, gapX, gapY) in [(1, 0, 0), (3, 5, 2)] {
                let scale = Float(numbers.integer(1...999)) / 100_000
                let zero = UInt8([0, 255, numbers.integer(0...255)][numbers.integer(0...2)])
                let (wide, narrow) = (length + gapX, length + gapY)
                let name = "\(kernel.testDescription) \(rows) × \(length)"

                let reals = GuardedMemory(numbers.floats(extent(rows: rows, length: length, stride: wide)))
                let untouched = numbers.bytes(extent(rows: rows, length: length, stride: narrow))
                let bytes = GuardedMemory(untouched)
                kernel.pointee.quantize(scale, zero, reals.start, wide, bytes.start, narrow, rows, length)
                var expected = untouched
                for row in 0..<rows {
                    for i in 0..<length {
                        expected[row * narrow + i] = sk_quantize_u8_naive(scale, zero, reals.start[row * wide + i])
                    }
                }
                #expect(bytes.elements == expected, "\(name)")

                let untouchedReals = numbers.floats(reals.count)
                let back = GuardedMemory(untouchedReals)
                kernel.pointee.dequantize(scale, zero, bytes.start, narrow, back.start, wide, rows, length)
                var expectedReals = untouchedReals
                for row in 0..<rows {
                    for i in 0..<length {
                        expectedReals[row * wide + i] = sk_dequantize_u8_naive(scale, zero, expected[row * narrow + i])
                    }
                }
                #expect(bitsAreEqual(back.elements, expectedReals), "\(name)")
            }
        }
    }

    /// Ties, both ends, what lies far past them, infinities and NaN: ONNX's formula in Swift.
    @Test(arguments: kernels) func tiesAndEnds(_ kernel: Registered<sk_quantize_u8_kernel>) {
        // One third: multiplying by 3 is not dividing by it.
        for scale: Float in [0.25, 1 / 3, 0.1, 3.7e-5, 1000] {
            for zero: UInt8 in [0, 1, 127, 128, 255] {
                var x: [Float] = []
                for k in -300...300 {
                    let tie = (Float(k) + 0.5) * scale
                    x += [tie, tie.nextUp, tie.nextDown, Float(k) * scale]
                }
                x += [
                    .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, -0.0, 3e9, -3e9, 1e20,
                    .leastNonzeroMagnitude,
                ]
                let expected = x.map { value -> UInt8 in
                    let q = (value / scale).rounded(.toNearestOrEven) + Float(zero)
                    return UInt8(min(max(q, 0), 255))
                }
                var y = Array(repeating: UInt8(9), count: x.count)
                kernel.pointee.quantize(scale, zero, x, x.count, &y, x.count, 1, x.count)
                #expect(y == expected, "\(scale) \(zero)")
                let parameters = ByteQuantization(scale: scale, zeroPoint: zero)
                #expect(x.map(parameters.byte) == expected)
            }
        }
        let nan = Array(repeating: Float.nan, count: 37)
        var y = Array(repeating: UInt8(9), count: 37)
        kernel.pointee.quantize(1, 50, nan, 37, &y, 37, 1, 37)
        #expect(y == Array(repeating: 0, count: 37))
        #expect(sk_quantize_u8_naive(1, 50, .nan) == 0)
        #expect(ByteQuantization(scale: 1, zeroPoint: 50).byte(.nan) == 0)
    }

    @Test(arguments: [1, 2, 5]) func bytesComeBackOnAnyThreads(threads: Int) {
        var numbers = Numbers(seed: 112)
        let kernel = ByteConversionKernel(ByteQuantization(scale: 0.037, zeroPoint: 91), instructionSet: .best)
        for (rows, length, gap) in [(1, 200_000, 0), (400, 500, 3), (4000, 40, 0)] {
            let bytes = numbers.bytes(rows * (length + gap))
            var reals = Array(repeating: Float(0), count: rows * length)
            kernel.dequantize(
                rows: rows, length: length, input: bytes, inputStride: length + gap, output: &reals,
                outputStride: length, threads: threads)
            var back = Array(repeating: UInt8(0), count: bytes.count)
            kernel.quantize(
                rows: rows, length: length, input: reals, inputStride: length, output: &back,
                outputStride: length + gap, threads: threads)
            let expected = bytes.indices.map { $0 % (length + gap) < length ? bytes[$0] : 0 }
            #expect(back == expected)
        }
    }

    @Test func parametersThatAreNotOfBytes() throws {
        let one = ByteQuantization(QuantizationParameters(scale: 0.5, zeroPoint: 255))
        #expect(one == ByteQuantization(scale: 0.5, zeroPoint: 255))
        #expect(ByteQuantization(QuantizationParameters(scale: 0.5, zeroPoint: -1)) == nil)
        #expect(ByteQuantization(QuantizationParameters(scale: 0.5, zeroPoint: 256)) == nil)
        let many = try #require(QuantizationParameters(scales: [1, 2], zeroPoints: [0, 0], axis: 0))
        #expect(ByteQuantization(many) == nil)
    }
}
