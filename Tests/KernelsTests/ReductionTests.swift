import CSaccadeKernels
import Kernels
import Tensors
import Testing

@Suite struct ReductionTests {
    static let supported = InstructionSet.allCases.filter(\.isSupported)

    private func reduce(
        _ reduction: VectorReduction, _ x: [Float], _ extents: [Int], _ axes: [Int], _ instructionSet: InstructionSet,
        threads: Int
    ) -> [Float] {
        let count = extents.indices.reduce(1) { axes.contains($1) ? $0 : $0 * extents[$1] }
        let kernel = ReductionKernel(reduction, extents: extents, axes: axes, instructionSet: instructionSet)
        let input = GuardedMemory(x)
        let output = GuardedMemory(Array(repeating: Float(77), count: count))
        let scratch = GuardedMemory(Array(repeating: Double.nan, count: kernel.scratchByteCount / 8))
        kernel.run(
            input: input.start, output: output.start, scratch: UnsafeMutableRawPointer(scratch.start), threads: threads)
        return output.elements
    }

    /// The formula in double precision, element by element.
    private func expected(_ reduction: VectorReduction, _ x: [Float], _ extents: [Int], _ axes: [Int]) -> [Double] {
        var strides = Array(repeating: 0, count: extents.count)
        var count = 1
        for axis in extents.indices.reversed() where !axes.contains(axis) {
            strides[axis] = count
            count *= extents[axis]
        }
        var groups = Array(repeating: [Float](), count: count)
        for (index, value) in x.enumerated() {
            var rest = index
            var place = 0
            for axis in extents.indices.reversed() {
                place += rest % extents[axis] * strides[axis]
                rest /= extents[axis]
            }
            groups[place].append(value)
        }
        return groups.map { group in
            switch reduction {
            case .sum: sk_reduce_naive(sk_reduction_sum, group, 1, group.count)
            case .mean: sk_reduce_naive(sk_reduction_sum, group, 1, group.count) / Double(group.count)
            case .squareSum: sk_reduce_naive(sk_reduction_square_sum, group, 1, group.count)
            case .max: sk_reduce_naive(sk_reduction_max, group, 1, group.count)
            case .min: sk_reduce_naive(sk_reduction_min, group, 1, group.count)
            }
        }
    }

    private func check(_ extents: [Int], _ axes: [Int], _ instructionSet: InstructionSet, offset: Float = 0) {
        var numbers = Numbers(seed: UInt64(extents.reduce(17) { $0 * 31 + $1 }))
        let x = numbers.floats(extents.reduce(1, *)).map { $0 + offset }
        for reduction in VectorReduction.allCases {
            let one = reduce(reduction, x, extents, axes, instructionSet, threads: 1)
            let reference = expected(reduction, x, extents, axes)
            // A double's sum rounded once; sums that cancel are exact here, for the terms are multiples of 2^-12.
            let isClose = zip(one, reference).allSatisfy { abs(Double($0) - $1) <= 6e-8 * abs($1) }
            #expect(isClose && one.count == reference.count, "\(reduction) of \(extents) over \(axes)")
            for threads in 2...3 {
                let more = reduce(reduction, x, extents, axes, instructionSet, threads: threads)
                #expect(bitsAreEqual(more, one), "\(reduction) of \(extents) over \(axes), \(threads) threads")
            }
        }
    }

    @Test(arguments: supported) func rowsAndColumns(_ instructionSet: InstructionSet) {
        for length in lengthsAroundVectors where length > 0 {
            check([3, length], [1], instructionSet)
            check([5, length], [0], instructionSet)
            check([2, 3, length], [1], instructionSet)
            check([3, length], [0, 1], instructionSet)
        }
    }

    @Test(arguments: supported) func anyAxes(_ instructionSet: InstructionSet) {
        for mask in 0..<32 {
            check([3, 2, 5, 1, 19], (0..<5).filter { mask >> $0 & 1 == 1 }.reversed(), instructionSet)
        }
    }

    /// Where the sums are taken in chunks and blocks.
    @Test(arguments: supported) func large(_ instructionSet: InstructionSet) {
        check([150_001], [0], instructionSet, offset: 1000)
        check([3, 70_001], [1], instructionSet)
        check([2, 70_001], [0], instructionSet)
        check([20_011, 17], [0], instructionSet)
        check([601, 300], [0], instructionSet)
        check([3, 9001, 5], [1], instructionSet)
        check([70, 33, 100], [1], instructionSet)
        check([40, 5, 600], [0, 2], instructionSet)
        check([20, 2500], [1], instructionSet)
        check([40, 2500], [0], instructionSet)
    }

    /// The sum of a million numbers of one size and one that cancels most of it.
    @Test(arguments: supported) func sumsAreAccurate(_ instructionSet: InstructionSet) {
        var x = Array(repeating: Float(0.1), count: 1 << 20)
        x[777] = -104857
        let exact = Double(Float(0.1)) * Double((1 << 20) - 1) - 104857
        #expect(reduce(.sum, x, [1 << 20], [0], instructionSet, threads: 2) == [Float(exact)])
        #expect(reduce(.sum, x, [1 << 18, 4], [0, 1], instructionSet, threads: 2) == [Float(exact)])
    }

    @Test(arguments: supported) func specialValues(_ instructionSet: InstructionSet) {
        for length in [1, 5, 16, 33, 70] {
            for place in [0, length / 2, length - 1] {
                var x = Array(repeating: Float(1), count: length)
                x[place] = .nan
                for reduction in VectorReduction.allCases {
                    #expect(reduce(reduction, x, [length], [0], instructionSet, threads: 1)[0].isNaN)
                    #expect(reduce(reduction, x, [length, 1], [0], instructionSet, threads: 1)[0].isNaN)
                    let columns = x.flatMap { [0, $0, 2] as [Float] }
                    let y = reduce(reduction, columns, [length, 3], [0], instructionSet, threads: 1)
                    #expect(!y[0].isNaN && y[1].isNaN && !y[2].isNaN)
                }
            }
        }
        #expect(reduce(.sum, [], [0, 2], [0], instructionSet, threads: 1) == [0, 0])
        #expect(reduce(.max, [], [2, 0], [1], instructionSet, threads: 1) == [-.infinity, -.infinity])
        #expect(reduce(.min, [], [2, 0], [1], instructionSet, threads: 1) == [.infinity, .infinity])
        #expect(reduce(.mean, [], [0], [0], instructionSet, threads: 1)[0].isNaN)
        #expect(reduce(.sum, [], [0, 3], [1], instructionSet, threads: 1).isEmpty)
        #expect(reduce(.max, [-3], [1], [], instructionSet, threads: 1) == [-3])
        #expect(reduce(.max, [-3, -2], [2, 1], [1], instructionSet, threads: 1) == [-3, -2])
    }
}
