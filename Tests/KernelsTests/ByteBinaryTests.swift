import CSaccadeKernels
import Kernels
import Testing

@Suite struct ByteBinaryTests {
    /// The kernels of the registry that this machine runs.
    static let kernels = Registered.supported(sk_binary_u8_kernels, name: \.name) {
        sk_isa_is_supported($0.isa)
    }

    @Test(arguments: kernels) func equalsNaive(_ kernel: Registered<sk_binary_u8_kernel>) {
        var numbers = Numbers(seed: 121)
        for length in lengthsAroundVectors where length > 0 {
            for function in [sk_binary_u8_add, sk_binary_u8_mul] {
                for (aStep, bStep) in [(1, 1), (1, 0), (0, 1), (0, 0)] {
                    let rows = numbers.integer(1...3)
                    let repeats = numbers.integer(0...2)
                    var p = sk_binary_u8_parameters(
                        function: function, zero_a: UInt8(numbers.integer(0...255)),
                        zero_b: UInt8(numbers.integer(0...255)), zero_y: UInt8(numbers.integer(0...255)),
                        factor_a: numbers.float() * (function == sk_binary_u8_add ? 3 : 0.05),
                        factor_b: numbers.float() * 3)
                    let aLength = aStep == 1 ? length : 1
                    let bLength = bStep == 1 ? length : 1
                    let aStride = repeats == 1 ? 0 : aLength + 3
                    let bStride = repeats == 2 ? 0 : bLength + 1
                    let yStride = length + 2
                    let a = GuardedMemory(numbers.saturatingBytes(extent(rows: rows, length: aLength, stride: aStride)))
                    let b = GuardedMemory(numbers.saturatingBytes(extent(rows: rows, length: bLength, stride: bStride)))
                    let untouched = numbers.bytes(extent(rows: rows, length: length, stride: yStride))
                    let y = GuardedMemory(untouched)
                    kernel.pointee.run(
                        &p, a.start, aStride, aStep, b.start, bStride, bStep, y.start, yStride, rows, length)
                    var expected = untouched
                    for row in 0..<rows {
                        for i in 0..<length {
                            expected[row * yStride + i] = sk_binary_u8_naive(
                                &p, a.start[row * aStride + i * aStep], b.start[row * bStride + i * bStep])
                        }
                    }
                    #expect(
                        y.elements == expected,
                        "\(kernel.testDescription) \(p) \(rows) × \(length), \(aStep) \(bStep)")
                }
            }
        }
    }

    /// Every pair of bytes, with factors that make ties and that go past both ends.
    @Test(arguments: kernels) func everyPair(_ kernel: Registered<sk_binary_u8_kernel>) {
        let a = (0..<65536).map { UInt8($0 >> 8) }
        let b = (0..<65536).map { UInt8($0 & 255) }
        for (function, factorA, factorB): (sk_binary_u8_function, Float, Float) in [
            (sk_binary_u8_add, 0.5, 0.5), (sk_binary_u8_add, 0.25, -1.75), (sk_binary_u8_add, 1.1, 0.3),
            (sk_binary_u8_add, 3e37, 1), (sk_binary_u8_mul, 0.0078125, 0), (sk_binary_u8_mul, 0.013, 0),
            (sk_binary_u8_mul, 1e30, 0),
        ] {
            for zero: UInt8 in [0, 131, 255] {
                var p = sk_binary_u8_parameters(
                    function: function, zero_a: zero, zero_b: 17, zero_y: 128, factor_a: factorA, factor_b: factorB)
                var y = Array(repeating: UInt8(0), count: 65536)
                kernel.pointee.run(&p, a, 65536, 1, b, 65536, 1, &y, 65536, 1, 65536)
                let isEqual = y.indices.allSatisfy { y[$0] == sk_binary_u8_naive(&p, a[$0], b[$0]) }
                #expect(isEqual, "\(p)")
            }
        }
    }

    /// The face against the function of the reals, within half a step and the float's rounding, with broadcasting.
    @Test(arguments: ByteBinaryFunction.allCases) func functionOfReals(_ function: ByteBinaryFunction) {
        var numbers = Numbers(seed: 122)
        let qa = ByteQuantization(scale: 0.031, zeroPoint: 120)
        let qb = ByteQuantization(scale: 0.017, zeroPoint: 7)
        let qy = ByteQuantization(scale: 0.043, zeroPoint: 101)
        // Dense, sliced, one row for all, one element for a row, one for all; the last three swapped.
        let extents = [5, 12, 33]
        let layouts: [([Int], [Int], [Int])] = [
            ([396, 33, 1], [396, 33, 1], [396, 33, 1]), ([480, 40, 1], [396, 33, 1], [600, 50, 1]),
            ([396, 33, 1], [0, 0, 1], [396, 33, 1]), ([396, 33, 1], [12, 1, 0], [396, 33, 1]),
            ([396, 33, 1], [0, 0, 0], [396, 33, 1]), ([0, 0, 1], [396, 33, 1], [396, 33, 1]),
            ([33, 0, 1], [0, 33, 1], [396, 33, 1]), ([0, 0, 0], [0, 0, 0], [396, 33, 1]),
        ]
        for (left, right, output) in layouts {
            let a = numbers.bytes(3000)
            let b = numbers.bytes(3000)
            let kernel = ByteBinaryKernel(
                function, extents: extents, left: left, right: right, output: output, leftQuantization: qa,
                rightQuantization: qb, outputQuantization: qy, instructionSet: .best)
            for threads in [1, 3] {
                var y = Array(repeating: UInt8(0), count: 3000)
                kernel.run(left: a, right: b, output: &y, threads: threads)
                var worst = 0.0
                for i in 0..<5 {
                    for j in 0..<12 {
                        for k in 0..<33 {
                            func at(_ strides: [Int]) -> Int { i * strides[0] + j * strides[1] + k * strides[2] }
                            let (x, z) = (Double(qa.real(a[at(left)])), Double(qb.real(b[at(right)])))
                            let real =
                                switch function {
                                case .add: x + z
                                case .sub: x - z
                                case .mul: x * z
                                }
                            let held = min(max(real / Double(qy.scale) + 101, 0), 255)
                            worst = max(worst, abs(held - Double(y[at(output)])))
                        }
                    }
                }
                #expect(worst <= 0.5001, "\(left) \(right) \(output)")
            }
        }
    }

    /// Large enough for several threads, one row or many.
    @Test func threadsDoNotChangeAByte() {
        var numbers = Numbers(seed: 123)
        let q = ByteQuantization(scale: 0.03, zeroPoint: 128)
        for (extents, strides) in [([300_007], [1]), ([700, 431], [440, 1])] {
            let a = numbers.bytes(310_000)
            let b = numbers.bytes(310_000)
            let kernel = ByteBinaryKernel(
                .add, extents: extents, left: strides, right: strides, output: strides, leftQuantization: q,
                rightQuantization: q, outputQuantization: q, instructionSet: .best)
            var one = Array(repeating: UInt8(0), count: 310_000)
            kernel.run(left: a, right: b, output: &one, threads: 1)
            for threads in 2...4 {
                var y = Array(repeating: UInt8(0), count: 310_000)
                kernel.run(left: a, right: b, output: &y, threads: threads)
                #expect(y == one)
            }
        }
    }
}
