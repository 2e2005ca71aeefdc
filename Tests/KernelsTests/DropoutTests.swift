import CSaccadeKernels
import Kernels
import Tensors
import Testing

@Suite struct DropoutTests {
    static let supported = InstructionSet.allCases.filter(\.isSupported)

    private func drop(
        _ x: [Float], _ probability: Double, seed: UInt64 = 1, stream: UInt64 = 2, threads: Int = 1,
        _ instructionSet: InstructionSet
    ) -> [Float] {
        var y = Array(repeating: Float(7), count: x.count)
        DropoutKernel(probability: probability, instructionSet: instructionSet).run(
            count: x.count, input: x, output: &y, seed: seed, stream: stream, threads: threads)
        return y
    }

    @Test func knownAnswers() {
        var out: [UInt32] = [0, 0, 0, 0]
        sk_philox_naive([0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0], &out)
        #expect(out == [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
    }

    /// The kernels drop what the definition drops and what the numbers of `Philox` say, at every edge of a vector; no
    /// byte past the end is touched.
    @Test(arguments: supported) func equalsNaive(_ instructionSet: InstructionSet) {
        var numbers = Numbers(seed: 40)
        for length in lengthsAroundVectors {
            for side in [GuardedMemory<Float>.Side.atEnd, .atStart] {
                let seed = numbers.next()
                let stream = numbers.next()
                let x = GuardedMemory(numbers.floats(length), side)
                let y = GuardedMemory(Array(repeating: Float(7), count: length), side)
                DropoutKernel(probability: 0.3, instructionSet: instructionSet).run(
                    count: length, input: x.start, output: y.start, seed: seed, stream: stream, threads: 1)
                var dropout = sk_dropout(
                    seed: seed, stream: stream, threshold: UInt64((0.3 * 0x1p32).rounded()), scale: Float(1 / (1 - 0.3))
                )
                var expected = Array(repeating: Float(7), count: length)
                sk_dropout_f32_naive(&dropout, x.start, &expected, 0, length)
                #expect(y.elements == expected)
                let generator = Philox(seed: seed, stream: stream)
                for index in 0..<length {
                    let isKept = Double(generator.number(at: UInt64(index))) >= (0.3 * 0x1p32).rounded()
                    #expect(y.start[index] == (isKept ? x.start[index] * dropout.scale : 0))
                }
            }
        }
    }

    /// Counters past 2^32 carry into their high half.
    @Test(arguments: supported) func farPlaces(_ instructionSet: InstructionSet) {
        let kernel = sk_dropout_f32_choose(instructionSet.code)
        let x = Array(repeating: Float(1), count: 128)
        let begin = (1 << 34) - 64
        var dropout = sk_dropout(seed: 5, stream: 6, threshold: 1 << 31, scale: 2)
        var y = x
        var expected = x
        // The elements' numbers are far, their memory is not.
        kernel.pointee.run(&dropout, shifted(x, by: begin), shifted(&y, by: begin), begin, begin + 128)
        sk_dropout_f32_naive(&dropout, shifted(x, by: begin), shifted(&expected, by: begin), begin, begin + 128)
        #expect(y == expected)
        #expect(y.contains(0) && y.contains(2))
    }

    private func shifted(_ x: UnsafePointer<Float>, by places: Int) -> UnsafePointer<Float> { x - places }
    private func shifted(_ x: UnsafeMutablePointer<Float>, by places: Int) -> UnsafeMutablePointer<Float> { x - places }

    @Test(arguments: supported) func threadsAndShares(_ instructionSet: InstructionSet) {
        let x = Array(repeating: Float(1), count: 100_003)
        for probability in [0, 0.1, 0.5, 0.9, 1] {
            let y = drop(x, probability, instructionSet)
            let dropped = Double(y.filter { $0 == 0 }.count) / Double(x.count)
            #expect(abs(dropped - probability) < 0.008)
            let scale = probability < 1 ? Float(1 / (1 - probability)) : 0
            #expect(y.allSatisfy { $0 == 0 || $0 == scale })
            for threads in [2, 3] { #expect(drop(x, probability, threads: threads, instructionSet) == y) }
            if 0.0 < probability, probability < 1 {
                #expect(drop(x, probability, seed: 2, instructionSet) != y)
                #expect(drop(x, probability, stream: 3, instructionSet) != y)
            }
        }
        // What is dropped is 0, whatever it was.
        #expect(drop([.nan, .infinity, -.infinity], 1, instructionSet) == [0, 0, 0])
        let kept = drop(Array(repeating: .nan, count: 64), 0.5, instructionSet)
        #expect(kept.contains { $0.isNaN } && kept.contains(0))
    }
}
