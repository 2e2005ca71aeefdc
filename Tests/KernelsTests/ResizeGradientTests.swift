import Kernels
import Tensors
import Testing

@Suite struct LinearResizeTests {
    /// Half-pixel linear taps, with the borders repeated.
    private func linear(_ input: Int, _ output: Int) -> [ResampleTap] {
        (0..<output).map { index in
            let place = max(0, (Float(index) + 0.5) * Float(input) / Float(output) - 0.5)
            let first = min(Int(place), input - 1)
            return ResampleTap(first: first, second: min(first + 1, input - 1), weight: place - Float(Int(place)))
        }
    }

    private func view(_ memory: borrowing GuardedMemory<Float>, _ shape: Shape, rowStride: Int) -> TensorView {
        TensorView(
            address: UnsafeMutableRawPointer(memory.start), dtype: .float32, shape: shape, rowStride: rowStride)
    }

    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func equalsNaive(_ instructionSet: InstructionSet) throws {
        var numbers = Numbers(seed: 72)
        let extents = [(5, 10, 4, 8), (7, 3, 6, 6), (3, 7, 1, 5), (4, 1, 9, 2), (2, 2, 3, 3)]
        for channels in [1, 3, 4, 7, 8, 16, 17, 63, 64, 70, 129] {
            for (height, outputHeight, width, outputWidth) in extents {
                let input = try Shape([2, height, width, channels])
                let output = try Shape([2, outputHeight, outputWidth, channels])
                let rows = linear(height, outputHeight)
                let columns = linear(width, outputWidth)
                let identity = { (extent: Int) in
                    (0..<extent).map { ResampleTap(first: $0, second: $0, weight: 0) }
                }
                let taps = [identity(2), rows, columns, identity(channels)]
                let x = GuardedMemory(
                    numbers.floats(extent(rows: 2 * height * width, length: channels, stride: channels + 1)))
                let dy = GuardedMemory(
                    numbers.floats(
                        extent(rows: 2 * outputHeight * outputWidth, length: channels, stride: channels + 2)))
                let y = GuardedMemory(Array(repeating: Float(7), count: dy.count))
                let dx = GuardedMemory(Array(repeating: Float(7), count: input.count))
                Reference.resample(
                    view(x, input, rowStride: channels + 1), to: view(y, output, rowStride: channels + 2), taps: taps)
                Reference.resampleGradient(
                    view(dy, output, rowStride: channels + 2), to: view(dx, input, rowStride: channels), taps: taps)
                let kernel = LinearResizeKernel(
                    batch: 2, channels: channels, inputHeight: height, inputWidth: width, rows: rows, columns: columns,
                    inputPixelStride: channels + 1, outputPixelStride: channels + 2, instructionSet: instructionSet)
                var results: [[Float]] = []
                for threads in 1...3 {
                    let result = GuardedMemory(Array(repeating: Float(7), count: y.count))
                    let gradient = GuardedMemory(Array(repeating: Float(7), count: x.count))
                    kernel.run(input: x.start, output: result.start, threads: threads)
                    kernel.runGradient(gradient: dy.start, to: gradient.start, threads: threads)
                    // The reference's gradient is dense.
                    let dense = gradient.elements.enumerated().filter { $0.offset % (channels + 1) < channels }
                    let gaps = gradient.elements.enumerated().filter { $0.offset % (channels + 1) == channels }
                    #expect(gaps.allSatisfy { $0.element == 7 })
                    results.append(result.elements + dense.map(\.element))
                }
                #expect(bitsAreEqual(results[0], results[1]) && bitsAreEqual(results[0], results[2]))
                let isClose = zip(results[0], y.elements + dx.elements).allSatisfy { abs($0 - $1) <= 3e-6 }
                #expect(isClose, "\(input) to \(output)")
            }
        }
    }

    /// A pixel of weight 0 is not read, not even where it is infinite.
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func whatHasNoWeightDoesNotMatter(_ instructionSet: InstructionSet) {
        let kernel = LinearResizeKernel(
            batch: 1, channels: 1, inputHeight: 1, inputWidth: 2,
            rows: [ResampleTap(first: 0, second: 0, weight: 0)],
            columns: [
                ResampleTap(first: 0, second: 1, weight: 0), ResampleTap(first: 1, second: 0, weight: 1),
                ResampleTap(first: 0, second: 0, weight: 0.25),
            ], inputPixelStride: 1, outputPixelStride: 1, instructionSet: instructionSet)
        var y: [Float] = [7, 7, 7]
        kernel.run(input: [3, .infinity], output: &y, threads: 1)
        #expect(y == [3, 3, 3])
    }

    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func nearestGradientAddsWhatItCopied(_ instructionSet: InstructionSet) {
        let kernel = LinearResizeKernel(
            batch: 1, channels: 1, inputHeight: 2, inputWidth: 3, nearestRows: [0, 0, 1], nearestColumns: [0, 2, 2, 2],
            inputPixelStride: 1, outputPixelStride: 1, instructionSet: instructionSet)
        var y = Array(repeating: Float(7), count: 12)
        kernel.run(input: [1, 2, 3, 4, 5, 6], output: &y, threads: 1)
        #expect(y == [1, 3, 3, 3, 1, 3, 3, 3, 4, 6, 6, 6])
        var dx = Array(repeating: Float(7), count: 6)
        kernel.runGradient(gradient: [1, 2, 3, 4, 10, 20, 30, 40, 5, 6, 7, 8], to: &dx, threads: 1)
        #expect(dx == [11, 0, 99, 5, 0, 21])
    }
}

@Suite struct TakeGradientTests {
    /// Sources of reflecting, repeating, constant padding and cropping.
    private static let lists: [(extent: Int, sources: [Int?])] = [
        (4, [2, 1, 0, 1, 2, 3, 2]), (3, [0, 0, 0, 1, 2, 2]), (3, [nil, nil, 0, 1, 2, nil]), (5, [1, 2, 3]),
        (17, Array(0..<17)), (1, [0]), (1, [0, 0, 0]), (40, Array(0..<40)),
    ]

    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func equalsNaive(_ instructionSet: InstructionSet) throws {
        var numbers = Numbers(seed: 73)
        for rank in 0...4 {
            for _ in 0..<20 {
                let axes = (0..<rank).map { _ in Self.lists[numbers.integer(0...Self.lists.count - 1)] }
                let input = try Shape(axes.map(\.extent))
                let dy = try Tensor(
                    numbers.floats(axes.reduce(1) { $0 * $1.sources.count }), shape: axes.map(\.sources.count))
                let expected = try Tensor(dtype: .float32, shape: input) { _ in }
                Reference.takeGradient(TensorView(dy), to: TensorView(expected), sources: axes.map(\.sources))
                let kernel = TakeGradientKernel(
                    input: input, sources: axes.map(\.sources), instructionSet: instructionSet)
                for threads in 1...3 {
                    let dx = GuardedMemory(Array(repeating: Float(7), count: input.count))
                    kernel.run(
                        gradient: dy.baseAddress.assumingMemoryBound(to: Float.self), to: dx.start, threads: threads)
                    // Sums of multiples of 2^-12 are exact.
                    #expect(dx.elements == expected.elements(as: Float.self), "\(axes)")
                }
            }
        }
    }
}
