import CSaccadeKernels
import Kernels
import Testing

@Suite struct SoftmaxGradientTests {
    static let supported = InstructionSet.allCases.filter(\.isSupported)

    private func isClose(_ a: [Float], _ b: [Float], _ bound: Float) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= bound * max(1, abs($1)) }
    }

    @Test(arguments: supported) func logarithm(_ instructionSet: InstructionSet) {
        var numbers = Numbers(seed: 81)
        let kernel = SoftmaxKernel(isLogarithm: true, instructionSet: instructionSet)
        for count in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 400, 50_001] {
            for scale: Float in [1, 50] {
                let x = numbers.floats(2 * (count + 1)).map { $0 * scale }
                for threads in 1...3 {
                    var y = Array(repeating: Float(7), count: 2 * (count + 2))
                    kernel.run(
                        rows: 2, length: count, input: x, inputStride: count + 1, output: &y, outputStride: count + 2,
                        threads: threads)
                    for row in 0..<2 {
                        var expected = Array(repeating: Float(0), count: count)
                        sk_log_softmax_naive(Array(x[(row * (count + 1))...]), &expected, count)
                        let start = row * (count + 2)
                        #expect(isClose(Array(y[start..<start + count]), expected, 4e-7), "\(count)")
                        #expect(y[start + count..<start + count + 2] == [7, 7])
                    }
                }
            }
        }
    }

    @Test(arguments: supported, [false, true])
    func rows(_ instructionSet: InstructionSet, isLogarithm: Bool) {
        var numbers = Numbers(seed: 82)
        let kernel = SoftmaxKernel(isLogarithm: isLogarithm, instructionSet: instructionSet)
        for count in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 400, 5000] {
            let x = numbers.floats(5 * count).map { $0 * 5 }
            var result = x
            kernel.run(
                rows: 5, length: count, input: x, inputStride: count, output: &result, outputStride: count, threads: 1)
            let y = GuardedMemory(result)
            let dy = GuardedMemory(numbers.floats(5 * count))
            var expected = x
            for row in 0..<5 {
                let gradient = isLogarithm ? sk_log_softmax_gradient_naive : sk_softmax_gradient_naive
                expected.withUnsafeMutableBufferPointer {
                    guard let to = $0.baseAddress else { return }
                    gradient(dy.start + row * count, y.start + row * count, to + row * count, count)
                }
            }
            for threads in 1...3 {
                let dx = GuardedMemory(Array(repeating: Float(7), count: 5 * count))
                kernel.runGradient(
                    rows: 5, length: count, outputGradient: dy.start, output: y.start, inputGradient: dx.start,
                    threads: threads)
                #expect(isClose(dx.elements, expected, 5e-7), "\(count)")
            }
            // Over dy.
            kernel.runGradient(
                rows: 5, length: count, outputGradient: dy.start, output: y.start, inputGradient: dy.start, threads: 1)
            #expect(isClose(dy.elements, expected, 5e-7), "\(count)")
        }
    }

    /// Down columns they equal the same numbers laid out in rows.
    @Test(arguments: supported, [false, true])
    func columns(_ instructionSet: InstructionSet, isLogarithm: Bool) {
        var numbers = Numbers(seed: 83)
        let kernel = SoftmaxKernel(isLogarithm: isLogarithm, instructionSet: instructionSet)
        for (blocks, length, columns) in [(1, 16, 600), (2, 5, 1), (3, 1, 7), (2, 16, 33), (1, 3, 256), (1, 4, 257)] {
            let count = blocks * length * columns
            let x = numbers.floats(count).map { $0 * 9 }
            let dy = numbers.floats(count)
            func transposed(_ elements: [Float]) -> [Float] {
                (0..<count).map { index in
                    let (line, place) = index.quotientAndRemainder(dividingBy: length)
                    let (block, column) = line.quotientAndRemainder(dividingBy: columns)
                    return elements[(block * length + place) * columns + column]
                }
            }
            var rowResult = x
            var rowGradient = x
            kernel.run(
                rows: blocks * columns, length: length, input: transposed(x), inputStride: length, output: &rowResult,
                outputStride: length, threads: 1)
            kernel.runGradient(
                rows: blocks * columns, length: length, outputGradient: transposed(dy), output: rowResult,
                inputGradient: &rowGradient, threads: 1)
            for threads in 1...3 {
                var y = x
                var dx = x
                kernel.runColumns(
                    blocks: blocks, length: length, columns: columns, input: x, output: &y, threads: threads)
                kernel.runColumnsGradient(
                    blocks: blocks, length: length, columns: columns, outputGradient: dy, output: y,
                    inputGradient: &dx, threads: threads)
                #expect(isClose(transposed(y), rowResult, 1e-6), "\(blocks) × \(length) × \(columns)")
                #expect(isClose(transposed(dx), rowGradient, 2e-6), "\(blocks) × \(length) × \(columns)")
            }
        }
    }
}
