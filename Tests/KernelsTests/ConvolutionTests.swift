import CSaccadeKernels
import Kernels
import Testing

/// A convolution with its data, some of it in slices of wider tensors.
private struct Case: CustomStringConvertible {
    var shape: ConvolutionShape
    var weights: [Float]
    var bias: [Float]?
    var input: [Float]
    var addend: [Float]?
    var activation = FusedActivation.none

    /// Rows and columns are chosen so that the window fits.
    init(
        _ numbers: inout Numbers, batch: Int = 1, height: Int, width: Int, inputs: Int, outputs: Int,
        kernel: (Int, Int), stride: (Int, Int) = (1, 1), dilation: (Int, Int) = (1, 1),
        pad: (top: Int, left: Int, bottom: Int, right: Int) = (0, 0, 0, 0), groups: Int = 1, gap: Int = 0,
        bias hasBias: Bool = true, addend hasAddend: Bool = false
    ) {
        let rows = (height + pad.top + pad.bottom - dilation.0 * (kernel.0 - 1) - 1) / stride.0 + 1
        let columns = (width + pad.left + pad.right - dilation.1 * (kernel.1 - 1) - 1) / stride.1 + 1
        shape = ConvolutionShape(
            batch: batch, inputHeight: height, inputWidth: width, inputChannels: inputs, outputHeight: rows,
            outputWidth: columns, outputChannels: outputs, kernelHeight: kernel.0, kernelWidth: kernel.1,
            strideHeight: stride.0, strideWidth: stride.1, dilationHeight: dilation.0, dilationWidth: dilation.1,
            padTop: pad.top, padLeft: pad.left, groups: groups, inputPixelStride: inputs + gap,
            outputPixelStride: outputs + 2 * gap, addendPixelStride: outputs + gap)
        weights = numbers.floats(outputs * (inputs / groups) * kernel.0 * kernel.1)
        bias = hasBias ? numbers.floats(outputs) : nil
        input = numbers.floats(batch * height * width * (inputs + gap))
        addend = hasAddend ? numbers.floats(batch * rows * columns * (outputs + gap)) : nil
    }

    var outputCount: Int { shape.batch * shape.out_height * shape.out_width * shape.out_pixel_stride }

    /// What lies between the pixels of the output; no kernel may write there.
    static let untouched: Float = 12345

    func naive() -> [Float] {
        var output = Array(repeating: Self.untouched, count: outputCount)
        Reference.convolution(
            shape, weights: weights, bias: bias, input: input, addend: addend, output: &output,
            activation: activation)
        return output
    }

    func run(_ instructionSet: InstructionSet, threads: Int = 1) throws -> [Float] {
        let packed = try #require(
            try PackedConvolution(
                shape: shape, weights: weights, bias: bias, activation: activation, instructionSet: instructionSet))
        var output = Array(repeating: Self.untouched, count: outputCount)
        packed.run(input: input, addend: addend, output: &output, threads: threads)
        return output
    }

    var description: String {
        "\(shape) bias \(bias != nil) addend \(addend != nil) activation \(activation)"
    }

    /// oneDNN's archetypes (first layer, 1×1, 3×3, padding past the kernel, grouped, depthwise), each with channel
    /// tails, strides, dilations and gaps, at the edges of every kernel's tile.
    static func all() -> [Case] {
        var numbers = Numbers(seed: 1)
        var cases: [Case] = []
        // Pixels around the tiles of 6, 8 and 14; channels around vectors of 4, 8 and 16.
        for pixels in [1, 2, 4, 5, 6, 7, 8, 9, 13, 14, 15, 27, 28, 29, 43] {
            for outputs in [1, 16, 33] {
                cases.append(Case(&numbers, height: 1, width: pixels, inputs: 5, outputs: outputs, kernel: (1, 1)))
            }
        }
        for channels in [1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 49, 80] {
            cases.append(
                Case(
                    &numbers, height: 5, width: 6, inputs: 9, outputs: channels, kernel: (3, 3),
                    pad: (1, 1, 1, 1), gap: 3, addend: true))
            cases.append(
                Case(
                    &numbers, height: 6, width: 5, inputs: channels, outputs: 18, kernel: (3, 3), stride: (2, 2),
                    pad: (1, 1, 1, 1), bias: false))
            cases.append(
                Case(
                    &numbers, height: 7, width: 6, inputs: channels, outputs: channels, kernel: (3, 3),
                    pad: (1, 1, 1, 1), groups: channels, gap: channels % 3, addend: channels % 2 == 0))
        }
        cases += [
            // First layers.
            Case(
                &numbers, height: 19, width: 33, inputs: 3, outputs: 16, kernel: (3, 3), stride: (2, 2),
                pad: (1, 1, 1, 1)),
            Case(
                &numbers, height: 17, width: 30, inputs: 3, outputs: 40, kernel: (6, 6), stride: (2, 2),
                pad: (2, 2, 2, 2)),
            Case(
                &numbers, batch: 2, height: 9, width: 8, inputs: 1, outputs: 5, kernel: (5, 3), dilation: (1, 2),
                pad: (2, 1, 0, 3), gap: 1),
            Case(&numbers, height: 20, width: 20, inputs: 4, outputs: 8, kernel: (7, 7), pad: (3, 3, 3, 3)),
            // Padding past the kernel, one-sided padding, windows that lie outside altogether.
            Case(&numbers, height: 3, width: 3, inputs: 9, outputs: 7, kernel: (3, 3), pad: (5, 4, 6, 5)),
            Case(&numbers, height: 4, width: 2, inputs: 8, outputs: 16, kernel: (1, 1), pad: (1, 2, 3, 0)),
            Case(&numbers, height: 4, width: 5, inputs: 8, outputs: 8, kernel: (2, 2), pad: (0, 0, 1, 1)),
            Case(&numbers, height: 2, width: 2, inputs: 3, outputs: 6, kernel: (3, 3), pad: (4, 4, 4, 4)),
            // Strides past the kernel, uneven strides and dilations.
            Case(&numbers, height: 11, width: 13, inputs: 10, outputs: 20, kernel: (2, 2), stride: (3, 5)),
            Case(
                &numbers, height: 13, width: 12, inputs: 8, outputs: 12, kernel: (3, 3), stride: (1, 2),
                dilation: (2, 3), pad: (2, 3, 2, 3), addend: true),
            Case(&numbers, height: 12, width: 11, inputs: 8, outputs: 12, kernel: (1, 5), pad: (0, 2, 0, 2)),
            // Several images.
            Case(
                &numbers, batch: 3, height: 5, width: 3, inputs: 8, outputs: 35, kernel: (3, 3), pad: (1, 1, 1, 1),
                gap: 2),
            // Groups that are not depthwise.
            Case(
                &numbers, height: 6, width: 7, inputs: 12, outputs: 24, kernel: (3, 3), pad: (1, 1, 1, 1), groups: 4,
                gap: 1, addend: true),
            Case(&numbers, height: 6, width: 7, inputs: 6, outputs: 6, kernel: (3, 3), pad: (1, 1, 1, 1), groups: 2),
            Case(
                &numbers, height: 5, width: 5, inputs: 8, outputs: 40, kernel: (3, 3), pad: (2, 2, 2, 2), groups: 8),
            Case(&numbers, height: 4, width: 9, inputs: 70, outputs: 102, kernel: (1, 1), groups: 2),
            // Depthwise with stride, dilation and several images.
            Case(
                &numbers, batch: 2, height: 9, width: 11, inputs: 21, outputs: 21, kernel: (5, 5), stride: (2, 2),
                pad: (2, 2, 2, 2), groups: 21, gap: 3, addend: true),
            Case(
                &numbers, height: 9, width: 11, inputs: 16, outputs: 16, kernel: (3, 3), dilation: (2, 2),
                pad: (2, 2, 2, 2), groups: 16, bias: false),
            // More taps than addresses are kept for: rows of the kernel one after the other.
            Case(
                &numbers, height: 24, width: 24, inputs: 9, outputs: 20, kernel: (19, 19), pad: (9, 9, 9, 9),
                addend: true),
            Case(&numbers, height: 20, width: 20, inputs: 12, outputs: 12, kernel: (18, 18), groups: 12),
        ]
        for _ in 0..<60 {
            let groups = numbers.integer(1...3)
            let kernel = (numbers.integer(1...4), numbers.integer(1...4))
            let dilation = (numbers.integer(1...2), numbers.integer(1...2))
            cases.append(
                Case(
                    &numbers, batch: numbers.integer(1...2), height: numbers.integer(8...14),
                    width: numbers.integer(8...19), inputs: groups * numbers.integer(1...12),
                    outputs: groups * numbers.integer(1...40), kernel: kernel,
                    stride: (numbers.integer(1...3), numbers.integer(1...3)), dilation: dilation,
                    pad: (
                        numbers.integer(0...3), numbers.integer(0...3), numbers.integer(0...3), numbers.integer(0...3)
                    ), groups: groups, gap: numbers.integer(0...5), bias: numbers.integer(0...1) == 1,
                    addend: numbers.integer(0...1) == 1))
        }
        return cases
    }
}

@Suite struct ConvolutionTests {
    /// Exactly the naive result where the instruction set fuses multiply and add as the oracle does, otherwise within
    /// rounding of it.
    private func check(_ instructionSet: InstructionSet) throws {
        for testCase in Case.all() {
            let expected = testCase.naive()
            let result = try testCase.run(instructionSet)
            if instructionSet.isFused {
                #expect(result == expected, "\(testCase)")
            } else {
                let isClose = zip(result, expected).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }
                #expect(isClose, "\(testCase)")
            }
        }
    }

    @Test func portableEqualsNaive() throws { try check(.portable) }

    @Test(.enabled(if: InstructionSet.avx2.isSupported, "this machine has no avx2"))
    func avx2EqualsNaive() throws { try check(.avx2) }

    @Test(.enabled(if: InstructionSet.avx512.isSupported, "this machine has no avx512"))
    func avx512EqualsNaive() throws { try check(.avx512) }

    /// A kernel that is registered is one that the tests above choose.
    @Test func everyRegisteredKernelIsChosenByACase() {
        var count = 0
        let kernels = sk_conv2d_f32_kernels(&count)
        let cases = Case.all()
        for index in 0..<count {
            let isChosen = cases.contains { testCase in
                var shape = testCase.shape
                return sk_conv2d_f32_choose(&shape, kernels[index].pointee.isa) == kernels[index]
            }
            #expect(isChosen, "\(String(cString: kernels[index].pointee.name))")
        }
        #expect(count == 6 || count == 2)
    }

    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func threadsDoNotChangeABit(_ instructionSet: InstructionSet) throws {
        var numbers = Numbers(seed: 2)
        let cases = [
            Case(
                &numbers, height: 41, width: 43, inputs: 24, outputs: 40, kernel: (3, 3), pad: (1, 1, 1, 1), gap: 4,
                addend: true),
            Case(
                &numbers, height: 101, width: 99, inputs: 3, outputs: 16, kernel: (3, 3), stride: (2, 2),
                pad: (1, 1, 1, 1)),
            Case(&numbers, height: 60, width: 61, inputs: 128, outputs: 33, kernel: (1, 1)),
            Case(
                &numbers, height: 80, width: 81, inputs: 70, outputs: 70, kernel: (3, 3), pad: (1, 1, 1, 1),
                groups: 70),
        ]
        for var testCase in cases {
            testCase.activation = .silu
            let one = try testCase.run(instructionSet, threads: 1)
            for threads in 2...5 {
                #expect(bitsAreEqual(try testCase.run(instructionSet, threads: threads), one), "\(testCase)")
            }
        }
    }

    /// Any split into ranges of pixels and blocks gives the same bits as the whole.
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func rangesDoNotChangeABit(_ instructionSet: InstructionSet) throws {
        var numbers = Numbers(seed: 3)
        for groups in [1, 3, 45] {
            let testCase = Case(
                &numbers, height: 7, width: 9, inputs: 45, outputs: 135 / (groups == 45 ? 3 : 1), kernel: (3, 3),
                pad: (1, 1, 1, 1), groups: groups)
            var shape = testCase.shape
            let kernel = try #require(sk_conv2d_f32_choose(&shape, instructionSet.code))
            let packed = UnsafeMutableRawPointer.allocate(
                byteCount: kernel.pointee.packed_count(&shape) * 4, alignment: 64
            ).assumingMemoryBound(to: Float.self)
            defer { packed.deallocate() }
            let blocks = kernel.pointee.block_count(&shape)
            for block in (0..<blocks).reversed() {
                kernel.pointee.pack(&shape, testCase.weights, testCase.bias, packed, block, block + 1)
            }
            let whole = try testCase.run(instructionSet)
            var pieces = Array(repeating: Case.untouched, count: testCase.outputCount)
            for block in 0..<blocks {
                for begin in stride(from: 0, to: 63, by: 5) {
                    let range = sk_conv2d_range(
                        pixel_begin: begin, pixel_end: min(begin + 5, 63), block_begin: block, block_end: block + 1)
                    kernel.pointee.run(
                        &shape, packed, testCase.input, nil, &pieces, FusedActivation.none.code, range)
                }
            }
            #expect(bitsAreEqual(pieces, whole), "groups \(groups)")
        }
    }

    /// The activation is applied to sums that are exact, so only its own error shows.
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func activations(_ instructionSet: InstructionSet) throws {
        var numbers = Numbers(seed: 4)
        let activations: [FusedActivation] = [
            .relu, .silu, .sigmoid, .tanh, .hardSwish, .clip(minimum: -0.5, maximum: 6), .leakyRelu(slope: 0.1),
            .hardSigmoid(slope: 0.2, offset: 0.5),
        ]
        for groups in [1, 19] {
            var testCase = Case(
                &numbers, height: 5, width: 7, inputs: 19, outputs: 19, kernel: (3, 3), pad: (1, 1, 1, 1),
                groups: groups, gap: 1, addend: true)
            for activation in activations {
                testCase.activation = activation
                let isClose = zip(try testCase.run(instructionSet), testCase.naive()).allSatisfy {
                    abs($0 - $1) <= 2e-6 * max(1, abs($1))
                }
                #expect(isClose, "\(activation) groups \(groups)")
            }
        }
    }

    @Test func aKernelTooWideIsRefused() throws {
        var numbers = Numbers(seed: 5)
        let testCase = Case(&numbers, height: 1, width: 500, inputs: 9, outputs: 2, kernel: (1, 400))
        let packed = try PackedConvolution(
            shape: testCase.shape, weights: testCase.weights, bias: nil, activation: .none, instructionSet: .best)
        #expect(packed == nil)
    }
}
