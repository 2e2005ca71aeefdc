import CSaccadeKernels
import Kernels
import Tensors
import Testing

/// Windows with overlaps, gaps, dilation and padding.
private let windows = [
    WindowExtent(kernel: 2, stride: 2), WindowExtent(kernel: 3, stride: 2, padBefore: 1, padAfter: 1),
    WindowExtent(kernel: 5, padBefore: 2, padAfter: 2), WindowExtent(kernel: 2, stride: 3),
    WindowExtent(kernel: 3, stride: 2, dilation: 2, padBefore: 1, padAfter: 3),
    WindowExtent(kernel: 3, stride: 1, dilation: 3, padBefore: 0, padAfter: 2), WindowExtent(kernel: 7, stride: 7),
]

private func outputs(_ input: Int, _ window: WindowExtent) -> Int {
    (input + window.padBefore + window.padAfter - window.dilation * (window.kernel - 1) - 1) / window.stride + 1
}

private func view(_ memory: borrowing GuardedMemory<Float>, _ shape: Shape, rowStride: Int) -> TensorView {
    TensorView(
        address: UnsafeMutableRawPointer(memory.start), dtype: .float32, shape: shape, rowStride: rowStride)
}

/// Elements of `pixels` pixels with a gap of `gap` between them, none after the last one.
private func spread(_ pixels: Int, _ channels: Int, gap: Int) -> Int {
    extent(rows: pixels, length: channels, stride: channels + gap)
}

@Suite struct MaxPoolingGradientTests {
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func equalsNaive(_ instructionSet: InstructionSet) throws {
        var numbers = Numbers(seed: 70)
        for channels in [1, 3, 4, 8, 15, 16, 17, 40, 70] {
            for (number, window) in windows.enumerated() {
                let other = windows[(number + 1) % windows.count]
                let input = try Shape([2, 12, 11, channels])
                let output = try Shape([2, outputs(12, window), outputs(11, other), channels])
                // Few values, so that many are equal; here and there NaN and nothing but -infinity.
                var elements = numbers.floats(spread(264, channels, gap: 2)).map { ($0 * 4).rounded() }
                for _ in 0..<channels { elements[numbers.integer(0...elements.count - 1)] = .nan }
                for index in elements.indices where index % (channels + 2) == 0 && index / (channels + 2) < 132 {
                    elements[index] = -.infinity
                }
                let x = GuardedMemory(elements)
                let dy = GuardedMemory(numbers.floats(spread(output.count / channels, channels, gap: 1)))
                let kernel = MaxPoolingKernel(
                    input: input, inputPixelStride: channels + 2, output: output, outputPixelStride: channels + 1,
                    rows: window, columns: other, instructionSet: instructionSet)
                var shape = sk_pool2d_shape(
                    batch: 2, channels: channels, in_height: 12, in_width: 11, out_height: output[1],
                    out_width: output[2], kernel_height: window.kernel, kernel_width: other.kernel,
                    stride_height: window.stride, stride_width: other.stride, dilation_height: window.dilation,
                    dilation_width: other.dilation, pad_top: window.padBefore, pad_left: other.padBefore,
                    in_pixel_stride: channels + 2, out_pixel_stride: channels + 1)
                var expected = Array(repeating: Float(7), count: spread(264, channels, gap: 3))
                sk_maxpool2d_f32_gradient_naive(&shape, x.start, dy.start, &expected, channels + 3)
                for threads in 1...3 {
                    let dx = GuardedMemory(Array(repeating: Float(7), count: expected.count))
                    kernel.runGradient(
                        input: x.start, gradient: dy.start, to: dx.start, gradientPixelStride: channels + 3,
                        threads: threads)
                    #expect(dx.elements == expected, "\(channels) channels, \(window)")
                }
            }
        }
    }

    /// What PyTorch gives: the first of equals, and NaN before all.
    @Test func equalsAndNaN() throws {
        let kernel = MaxPoolingKernel(
            input: try Shape([1, 1, 6, 1]), inputPixelStride: 1, output: try Shape([1, 1, 2, 1]), outputPixelStride: 1,
            rows: WindowExtent(kernel: 1), columns: WindowExtent(kernel: 3, stride: 3), instructionSet: .best)
        var dx = Array(repeating: Float(7), count: 6)
        kernel.runGradient(input: [1, 2, 2, 5, .nan, 9], gradient: [3, 4], to: &dx, threads: 1)
        #expect(dx == [0, 3, 0, 0, 4, 0])
        kernel.runGradient(
            input: [-.infinity, -.infinity, -.infinity, 0, -0.0, 0], gradient: [3, 4], to: &dx, threads: 1)
        #expect(dx == [3, 0, 0, 4, 0, 0])
    }
}

@Suite struct AveragePoolingTests {
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported), [false, true])
    func equalsNaive(_ instructionSet: InstructionSet, countsPadding: Bool) throws {
        var numbers = Numbers(seed: 71)
        for channels in [1, 3, 4, 8, 15, 16, 17, 40] {
            for (number, window) in windows.enumerated() {
                let other = windows[(number + 2) % windows.count]
                let input = try Shape([2, 12, 11, channels])
                let output = try Shape([2, outputs(12, window), outputs(11, other), channels])
                let x = GuardedMemory(numbers.floats(spread(264, channels, gap: 2)))
                let dy = GuardedMemory(numbers.floats(spread(output.count / channels, channels, gap: 1)))
                let y = GuardedMemory(Array(repeating: Float(7), count: dy.count))
                let dx = GuardedMemory(Array(repeating: Float(7), count: x.count))
                Reference.averagePool(
                    view(x, input, rowStride: channels + 2), to: view(y, output, rowStride: channels + 1),
                    axes: .channelsLast, rows: window, columns: other, countsPadding: countsPadding)
                Reference.averagePoolGradient(
                    view(dy, output, rowStride: channels + 1), to: view(dx, input, rowStride: channels + 2),
                    axes: .channelsLast, rows: window, columns: other, countsPadding: countsPadding)
                let kernel = AveragePoolingKernel(
                    input: input, inputPixelStride: channels + 2, output: output, outputPixelStride: channels + 1,
                    rows: window, columns: other, countsPadding: countsPadding, instructionSet: instructionSet)
                var results: [[Float]] = []
                for threads in 1...3 {
                    let result = GuardedMemory(Array(repeating: Float(7), count: y.count))
                    let gradient = GuardedMemory(Array(repeating: Float(7), count: x.count))
                    kernel.run(input: x.start, output: result.start, threads: threads)
                    kernel.runGradient(gradient: dy.start, to: gradient.start, threads: threads)
                    results.append(result.elements + gradient.elements)
                }
                #expect(bitsAreEqual(results[0], results[1]) && bitsAreEqual(results[0], results[2]))
                let isClose = zip(results[0], y.elements + dx.elements).allSatisfy { abs($0 - $1) <= 2e-6 }
                #expect(isClose, "\(channels) channels, \(window)")
            }
        }
    }
}
