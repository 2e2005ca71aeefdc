import CSaccadeKernels
import Kernels
import Testing

@Suite struct ByteLookupTests {
    /// The kernels of the registry that this machine runs.
    static let kernels = Registered.supported(sk_lookup_u8_kernels, name: \.name) {
        sk_isa_is_supported($0.isa)
    }

    @Test(arguments: kernels) func equalsNaive(_ kernel: Registered<sk_lookup_u8_kernel>) {
        var numbers = Numbers(seed: 101)
        for length in lengthsAroundVectors + [256, 1000] {
            for (rows, gapX, gapY) in [(1, 0, 0), (3, 5, 2), (2, 0, 7)] {
                let (xStride, yStride) = (length + gapX, length + gapY)
                let input = numbers.bytes(extent(rows: rows, length: length, stride: xStride))
                let untouched = numbers.bytes(extent(rows: rows, length: length, stride: yStride))
                let table = GuardedMemory(numbers.bytes(256))
                for side in GuardedMemory<UInt8>.Side.allCases {
                    let x = GuardedMemory(input, side)
                    let y = GuardedMemory(untouched, side)
                    var expected = untouched
                    sk_lookup_u8_naive(table.start, x.start, xStride, &expected, yStride, rows, length)
                    kernel.pointee.run(table.start, x.start, xStride, y.start, yStride, rows, length)
                    #expect(y.elements == expected, "\(kernel.testDescription) \(rows) × \(length)")
                }
            }
        }
    }

    /// Every byte, in every place of a vector, and in place.
    @Test(arguments: kernels) func everyByteInPlace(_ kernel: Registered<sk_lookup_u8_kernel>) {
        var numbers = Numbers(seed: 102)
        let table = numbers.bytes(256)
        for offset in 0..<64 {
            let x = (0..<320).map { UInt8(truncatingIfNeeded: $0 + offset) }
            var y = x
            y.withUnsafeMutableBufferPointer { buffer in
                guard let start = buffer.baseAddress else { return }
                kernel.pointee.run(table, start, 320, start, 320, 1, 320)
            }
            #expect(y == x.map { table[Int($0)] })
        }
    }

    @Test func everyInstructionSetHasAKernel() {
        for instructionSet in InstructionSet.allCases where instructionSet.isSupported {
            let kernel = sk_lookup_u8_choose(instructionSet.code)
            #expect(sk_isa_includes(instructionSet.code, kernel.pointee.isa))
            #expect(instructionSet == .portable || kernel.pointee.isa != sk_isa_portable)
        }
    }

    /// A function between scales, through the face, on several threads.
    @Test(arguments: [1, 3]) func functionOfReals(threads: Int) {
        var numbers = Numbers(seed: 104)
        let input = ByteQuantization(scale: 0.05, zeroPoint: 100)
        let output = ByteQuantization(scale: 0.02, zeroPoint: 3)
        let (rows, length, xStride, yStride) = (500, 700, 703, 701)
        let x = numbers.bytes(rows * xStride)
        var y = Array(repeating: UInt8(77), count: rows * yStride)
        ByteLookupKernel(from: input, to: output, instructionSet: .best) { $0 * $0 }.run(
            rows: rows, length: length, input: x, inputStride: xStride, output: &y, outputStride: yStride,
            threads: threads)
        var wrong = 0
        for index in y.indices {
            let (row, column) = index.quotientAndRemainder(dividingBy: yStride)
            guard column < length else {
                if y[index] != 77 { wrong += 1 }
                continue
            }
            let real = 0.05 * Float(Int(x[row * xStride + column]) - 100)
            let q = (real * real / 0.02).rounded(.toNearestOrEven) + 3
            if y[index] != UInt8(min(q, 255)) { wrong += 1 }
        }
        #expect(wrong == 0)
    }
}
