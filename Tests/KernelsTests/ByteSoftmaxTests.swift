import CSaccadeKernels
import Foundation
import Kernels
import Testing

@Suite struct ByteSoftmaxTests {
    /// The kernels of the registry that this machine runs.
    static let kernels = Registered.supported(sk_softmax_u8_kernels, name: \.name) {
        sk_isa_is_supported($0.isa)
    }

    static func table(_ scale: Float) -> [UInt32] {
        var table = Array(repeating: UInt32(0), count: 256)
        sk_softmax_u8_table(scale, &table)
        return table
    }

    @Test(arguments: kernels) func equalsNaive(_ kernel: Registered<sk_softmax_u8_kernel>) {
        var numbers = Numbers(seed: 141)
        for length in lengthsAroundVectors + [191, 192, 193, 255, 256, 257, 400, 1000] where length > 0 {
            for (scale, scaleY, zeroY): (Float, Float, UInt8) in [
                (0.08, 1 / 255, 0), (1e-4, 1 / 4096, 3), (2, 1 / 256, 255), (0.5, 1e-6, 128),
            ] {
                let exponentials = Self.table(scale)
                let (rows, xStride, yStride) = (3, length + numbers.integer(0...3), length + numbers.integer(0...3))
                let input = numbers.saturatingBytes(extent(rows: rows, length: length, stride: xStride))
                let untouched = numbers.bytes(extent(rows: rows, length: length, stride: yStride))
                for side in GuardedMemory<UInt8>.Side.allCases {
                    let x = GuardedMemory(input, side)
                    let y = GuardedMemory(untouched, side)
                    var expected = untouched
                    sk_softmax_u8_naive(exponentials, scaleY, zeroY, input, xStride, &expected, yStride, rows, length)
                    kernel.pointee.run(exponentials, scaleY, zeroY, x.start, xStride, y.start, yStride, rows, length)
                    #expect(
                        y.elements == expected, "\(kernel.testDescription) \(length) \(scale) \(scaleY)")
                }
                // In place.
                var y = input
                var expected = input
                sk_softmax_u8_naive(exponentials, scaleY, zeroY, input, xStride, &expected, xStride, rows, length)
                y.withUnsafeMutableBufferPointer { buffer in
                    guard let start = buffer.baseAddress else { return }
                    kernel.pointee.run(exponentials, scaleY, zeroY, start, xStride, start, xStride, rows, length)
                }
                #expect(y == expected, "in place: \(kernel.testDescription) \(length)")
            }
        }
    }

    /// All equal and a single peak, in rows so long that sums pass 32 bits.
    @Test(arguments: kernels) func longRows(_ kernel: Registered<sk_softmax_u8_kernel>) {
        let length = 20_000
        let exponentials = Self.table(0.1)
        for peak in [0, 255] {
            var x = Array(repeating: UInt8(0), count: length)
            x[777] = UInt8(peak)
            var y = Array(repeating: UInt8(9), count: length)
            var expected = y
            sk_softmax_u8_naive(exponentials, 1e-6, 0, x, length, &expected, length, 1, length)
            kernel.pointee.run(exponentials, 1e-6, 0, x, length, &y, length, 1, length)
            #expect(y == expected)
            // 1 / 20000 in steps of 10^-6, or everything at the peak.
            #expect(y[777] == (peak == 0 ? 50 : 255) && y[778] == (peak == 0 ? 50 : 0))
        }
    }

    /// The face against softmax in double precision: within half a step and what the table's 22 bits leave open.
    @Test(arguments: [1, 4]) func functionOfReals(threads: Int) {
        var numbers = Numbers(seed: 142)
        let (rows, length, scale) = (400, 400, Float(0.07))
        let x = numbers.bytes(rows * length)
        var y = Array(repeating: UInt8(0), count: x.count)
        ByteSoftmaxKernel(
            inputScale: scale, output: ByteQuantization(scale: 1 / 255, zeroPoint: 0), instructionSet: .best
        ).run(
            rows: rows, length: length, input: x, inputStride: length, output: &y, outputStride: length,
            threads: threads)
        var worst = 0.0
        for row in 0..<rows {
            let exponentials = x[row * length..<(row + 1) * length].map { exp(Double(scale) * Double($0)) }
            let total = exponentials.reduce(0, +)
            for column in 0..<length {
                worst = max(worst, abs(exponentials[column] / total * 255 - Double(y[row * length + column])))
            }
        }
        #expect(worst < 0.501)
    }
}
