import CSaccadeKernels
import Kernels
import Tensors
import Testing

@Suite struct SoftmaxTests {
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func equalsNaive(_ instructionSet: InstructionSet) {
        var numbers = Numbers(seed: 8)
        for count in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 400] {
            for scale: Float in [1, 50] {
                let x = numbers.floats(4 * (count + 1)).map { $0 * scale }
                var expected = Array(repeating: Float(7), count: 4 * (count + 2))
                sk_softmax_f32_naive(x, count + 1, &expected, count + 2, 4, count)
                for threads in [1, 2] {
                    var y = Array(repeating: Float(7), count: 4 * (count + 2))
                    SoftmaxKernel(instructionSet: instructionSet).run(
                        rows: 4, length: count, input: x, inputStride: count + 1, output: &y, outputStride: count + 2,
                        threads: threads)
                    let isClose = zip(y, expected).allSatisfy {
                        abs($0 - $1) <= 1e-6 * max($1, 1e-3) || $1 == 7 && $0 == 7
                    }
                    #expect(isClose, "\(count)")
                }
            }
        }
    }
}

@Suite struct SoftmaxColumnTests {
    /// Down columns it equals the same numbers laid out in rows.
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func equalsRows(_ instructionSet: InstructionSet) {
        var numbers = Numbers(seed: 11)
        for (blocks, length, columns) in [(1, 16, 600), (2, 5, 1), (3, 1, 7), (2, 16, 33), (1, 3, 256), (1, 4, 257)] {
            let x = numbers.floats(blocks * length * columns).map { $0 * 9 }
            func at(_ block: Int, _ index: Int, _ column: Int) -> Int { (block * length + index) * columns + column }
            for threads in [1, 2] {
                var y = Array(repeating: Float(7), count: x.count)
                SoftmaxKernel(instructionSet: instructionSet).runColumns(
                    blocks: blocks, length: length, columns: columns, input: x, output: &y, threads: threads)
                for block in 0..<blocks {
                    for column in 0..<columns {
                        let row = (0..<length).map { x[at(block, $0, column)] }
                        var expected = row
                        sk_softmax_f32_naive(row, length, &expected, length, 1, length)
                        for index in 0..<length where abs(y[at(block, index, column)] - expected[index]) > 1e-6 {
                            Issue.record("\(blocks) × \(length) × \(columns): element \(index) of column \(column)")
                        }
                    }
                }
            }
        }
    }
}

@Suite struct MaxPoolingTests {
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func equalsNaive(_ instructionSet: InstructionSet) throws {
        var numbers = Numbers(seed: 9)
        for channels in [1, 3, 4, 8, 15, 16, 17, 40] {
            for window in [
                WindowExtent(kernel: 2, stride: 2), WindowExtent(kernel: 5, padBefore: 2, padAfter: 2),
                WindowExtent(kernel: 3, stride: 2, dilation: 2, padBefore: 1, padAfter: 3),
                WindowExtent(kernel: 2, padBefore: 4, padAfter: 4),
            ] {
                func extent(_ input: Int) -> Int {
                    (input + window.padBefore + window.padAfter - window.dilation * (window.kernel - 1) - 1)
                        / window.stride + 1
                }
                let input = try Shape([2, 9, 7, channels])
                let output = try Shape([2, extent(9), extent(7), channels])
                let x = numbers.floats(2 * 9 * 7 * (channels + 3))
                let rows = output.count / channels
                var y = Array(repeating: Float(7), count: rows * (channels + 1))
                MaxPoolingKernel(
                    input: input, inputPixelStride: channels + 3, output: output, outputPixelStride: channels + 1,
                    rows: window, columns: window, instructionSet: instructionSet
                ).run(input: x, output: &y, threads: 2)
                var expected = Array(repeating: Float(7), count: rows * (channels + 1))
                x.withUnsafeBytes { source in
                    expected.withUnsafeMutableBytes { target in
                        guard let from = source.baseAddress, let to = target.baseAddress else { return }
                        Reference.maxPool(
                            TensorView(
                                address: UnsafeMutableRawPointer(mutating: from), dtype: .float32, shape: input,
                                rowStride: channels + 3),
                            to: TensorView(address: to, dtype: .float32, shape: output, rowStride: channels + 1),
                            axes: .channelsLast, rows: window, columns: window)
                    }
                }
                #expect(y == expected, "\(channels) channels, \(window)")
            }
        }
    }
}
