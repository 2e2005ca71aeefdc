import CSaccadeKernels
import Kernels
import Testing

@Suite struct ComparisonTests {
    static let supported = InstructionSet.allCases.filter(\.isSupported)

    private func holds(_ comparison: VectorComparison, _ a: Float, _ b: Float) -> UInt8 {
        switch comparison {
        case .equal: sk_comparison_naive(sk_comparison_equal, a, b)
        case .notEqual: sk_comparison_naive(sk_comparison_not_equal, a, b)
        case .less: sk_comparison_naive(sk_comparison_less, a, b)
        case .lessOrEqual: sk_comparison_naive(sk_comparison_less_or_equal, a, b)
        case .greater: a > b ? 1 : 0
        case .greaterOrEqual: a >= b ? 1 : 0
        }
    }

    /// Numbers among which equal ones, zeros of both signs, NaN and infinities are frequent.
    private func floats(_ numbers: inout Numbers, _ count: Int) -> [Float] {
        let some: [Float] = [0, -0.0, 1, -1, .nan, .infinity, -.infinity, 0.5]
        return (0..<count).map { _ in some[numbers.integer(0...some.count - 1)] }
    }

    @Test(arguments: supported) func comparesAtEdges(_ instructionSet: InstructionSet) {
        var numbers = Numbers(seed: 91)
        for length in lengthsAroundVectors {
            let x = GuardedMemory(floats(&numbers, length))
            let y = GuardedMemory(floats(&numbers, length))
            for comparison in VectorComparison.allCases {
                for (xStep, yStep) in [(1, 1), (1, 0), (0, 1), (0, 0)] where length > 0 {
                    let z = GuardedMemory(Array(repeating: UInt8(7), count: length))
                    ComparisonKernel(
                        comparison, extents: [length], left: [xStep], right: [yStep], output: [1],
                        instructionSet: instructionSet
                    ).run(left: x.start, right: y.start, output: z.start, threads: 1)
                    let expected = (0..<length).map { holds(comparison, x.start[$0 * xStep], y.start[$0 * yStep]) }
                    #expect(z.elements == expected, "\(comparison), \(length), steps \(xStep) and \(yStep)")
                }
            }
        }
    }

    @Test(arguments: supported) func selectsAtEdges(_ instructionSet: InstructionSet) {
        var numbers = Numbers(seed: 92)
        for length in lengthsAroundVectors where length > 0 {
            let x = GuardedMemory(numbers.floats(length))
            let y = GuardedMemory(numbers.floats(length))
            let condition = GuardedMemory(numbers.saturatingBytes(length).map { $0 < 128 ? 0 : $0 })
            for steps in 0..<8 {
                let (cStep, xStep, yStep) = (steps & 1, steps >> 1 & 1, steps >> 2)
                let z = GuardedMemory(Array(repeating: Float(7), count: length))
                SelectKernel(
                    extents: [length], condition: [cStep], left: [xStep], right: [yStep], output: [1],
                    instructionSet: instructionSet
                ).run(
                    condition: condition.start, left: x.start, right: y.start, output: z.start, threads: 1)
                let expected = (0..<length).map {
                    condition.start[$0 * cStep] != 0 ? x.start[$0 * xStep] : y.start[$0 * yStep]
                }
                #expect(z.elements == expected, "\(length), steps \(cStep), \(xStep), \(yStep)")
            }
        }
    }

    @Test(arguments: supported) func broadcasts(_ instructionSet: InstructionSet) {
        var numbers = Numbers(seed: 93)
        let shapes: [(condition: [Int], left: [Int], right: [Int])] = [
            ([2, 3, 37], [2, 3, 37], [2, 3, 37]), ([2, 1, 37], [2, 3, 37], [1, 1, 1]),
            ([2, 3, 1], [1, 1, 1], [1, 3, 37]), ([1, 1, 1], [2, 1, 1], [1, 3, 1]),
            ([1, 1, 37], [2, 3, 1], [2, 1, 37]), ([5, 1, 6000], [1, 4, 1], [5, 4, 1]),
        ]
        for (c, l, r) in shapes {
            let extents = (0..<3).map { max(c[$0], l[$0], r[$0]) }
            func strides(_ shape: [Int]) -> [Int] {
                [shape[1] * shape[2], shape[2], 1].enumerated().map { shape[$0.0] == 1 ? 0 : $0.1 }
            }
            func at(_ shape: [Int], _ index: Int) -> Int {
                let position = [index / (extents[1] * extents[2]), index / extents[2] % extents[1], index % extents[2]]
                return zip(strides(shape), position).reduce(0) { $0 + $1.0 * $1.1 }
            }
            let condition = numbers.bytes(c.reduce(1, *)).map { $0 & 1 }
            let x = floats(&numbers, l.reduce(1, *))
            let y = floats(&numbers, r.reduce(1, *))
            let count = extents.reduce(1, *)
            // The results are dense.
            let dense = [extents[1] * extents[2], extents[2], 1]
            let select = SelectKernel(
                extents: extents, condition: strides(c), left: strides(l), right: strides(r), output: dense,
                instructionSet: instructionSet)
            let chosen = (0..<count).map { condition[at(c, $0)] != 0 ? x[at(l, $0)] : y[at(r, $0)] }
            for threads in 1...3 {
                var z = Array(repeating: Float(7), count: count)
                select.run(condition: condition, left: x, right: y, output: &z, threads: threads)
                #expect(zip(z, chosen).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }, "\(c) ? \(l) : \(r)")
                for comparison in VectorComparison.allCases {
                    var truths = Array(repeating: UInt8(7), count: count)
                    ComparisonKernel(
                        comparison, extents: extents, left: strides(l), right: strides(r), output: dense,
                        instructionSet: instructionSet
                    ).run(left: x, right: y, output: &truths, threads: threads)
                    #expect(truths == (0..<count).map { holds(comparison, x[at(l, $0)], y[at(r, $0)]) })
                }
            }
        }
    }
}
