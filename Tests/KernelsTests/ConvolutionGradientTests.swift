import CSaccadeKernels
import Kernels
import Tensors
import Testing

/// A convolution of training: its shape with numbers for everything that its passes read.
private struct Case: CustomStringConvertible {
    var shape: ConvolutionShape
    var input: [Float]
    var weights: [Float]
    var bias: [Float]?
    var outputGradient: [Float]

    init(
        _ numbers: inout Numbers, batch: Int = 1, height: Int, width: Int, inputs: Int, outputs: Int,
        kernel: (Int, Int), stride: (Int, Int) = (1, 1), dilation: (Int, Int) = (1, 1),
        pad: (top: Int, left: Int, bottom: Int, right: Int) = (0, 0, 0, 0), groups: Int = 1, gap: Int = 0,
        bias hasBias: Bool = true
    ) {
        let rows = (height + pad.top + pad.bottom - dilation.0 * (kernel.0 - 1) - 1) / stride.0 + 1
        let columns = (width + pad.left + pad.right - dilation.1 * (kernel.1 - 1) - 1) / stride.1 + 1
        shape = ConvolutionShape(
            batch: batch, inputHeight: height, inputWidth: width, inputChannels: inputs, outputHeight: rows,
            outputWidth: columns, outputChannels: outputs, kernelHeight: kernel.0, kernelWidth: kernel.1,
            strideHeight: stride.0, strideWidth: stride.1, dilationHeight: dilation.0, dilationWidth: dilation.1,
            padTop: pad.top, padLeft: pad.left, groups: groups, inputPixelStride: inputs + gap,
            outputPixelStride: outputs + 2 * gap)
        // What follows the last pixel is not there.
        input = numbers.floats(extent(rows: batch * height * width, length: inputs, stride: inputs + gap))
        weights = numbers.floats(outputs * (inputs / groups) * kernel.0 * kernel.1)
        bias = hasBias ? numbers.floats(max(inputs, outputs)) : nil
        outputGradient = numbers.floats(
            extent(rows: batch * rows * columns, length: outputs, stride: outputs + 2 * gap))
    }

    var description: String { "\(shape) bias \(bias != nil)" }

    /// What lies between the pixels of a result; no kernel may write there.
    static let untouched: Float = 12345

    /// Edges of tiles, vectors and blocks, and random shapes.
    static func all(seed: UInt64) -> [Case] {
        var numbers = Numbers(seed: seed)
        var cases: [Case] = []
        for channels in [1, 3, 5, 7, 8, 9, 13, 14, 15, 16, 17, 28, 29, 31, 32, 33, 49] {
            cases.append(
                Case(
                    &numbers, height: 6, width: 7, inputs: channels, outputs: 18, kernel: (3, 3), pad: (1, 1, 1, 1),
                    gap: 3))
            cases.append(
                Case(
                    &numbers, batch: 2, height: 9, width: 8, inputs: 9, outputs: channels, kernel: (3, 3),
                    stride: (2, 2), pad: (1, 1, 1, 1)))
            cases.append(
                Case(
                    &numbers, height: 7, width: 9, inputs: channels, outputs: channels, kernel: (3, 3),
                    stride: (1, 2), pad: (1, 1, 1, 1), groups: channels, gap: 1))
        }
        cases += [
            // First layers, whose patches are copied; blocks of pixels that are full, and one more.
            Case(
                &numbers, batch: 3, height: 33, width: 31, inputs: 3, outputs: 16, kernel: (3, 3), stride: (2, 2),
                pad: (0, 1, 1, 0)),
            Case(&numbers, height: 16, width: 16, inputs: 20, outputs: 35, kernel: (1, 1)),
            Case(&numbers, height: 1, width: 129, inputs: 4, outputs: 3, kernel: (1, 1), bias: false),
            // Strides that step over taps and pixels, dilations that share a divisor with the stride.
            Case(&numbers, height: 9, width: 10, inputs: 5, outputs: 6, kernel: (1, 1), stride: (3, 2)),
            Case(
                &numbers, height: 12, width: 13, inputs: 5, outputs: 6, kernel: (3, 3), stride: (2, 3),
                dilation: (2, 3), pad: (2, 1, 2, 2)),
            Case(
                &numbers, height: 15, width: 14, inputs: 8, outputs: 6, kernel: (3, 2), stride: (3, 2),
                dilation: (2, 4), pad: (1, 2, 0, 1), groups: 2),
            // Padding past the kernel, and borders that no window reads.
            Case(&numbers, height: 4, width: 5, inputs: 9, outputs: 8, kernel: (1, 2), pad: (2, 2, 1, 2)),
            Case(&numbers, height: 11, width: 12, inputs: 9, outputs: 8, kernel: (2, 3), stride: (3, 3)),
            // More taps than addresses are kept for.
            Case(
                &numbers, height: 20, width: 20, inputs: 9, outputs: 20, kernel: (9, 9), pad: (4, 4, 4, 4)),
            Case(&numbers, height: 17, width: 18, inputs: 5, outputs: 5, kernel: (7, 7), pad: (3, 3, 3, 3), groups: 5),
        ]
        for _ in 0..<60 {
            let groups = numbers.integer(1...3)
            cases.append(
                Case(
                    &numbers, batch: numbers.integer(1...3), height: numbers.integer(8...13),
                    width: numbers.integer(8...17), inputs: groups * numbers.integer(1...12),
                    outputs: groups * numbers.integer(1...40), kernel: (numbers.integer(1...4), numbers.integer(1...4)),
                    stride: (numbers.integer(1...3), numbers.integer(1...3)),
                    dilation: (numbers.integer(1...2), numbers.integer(1...2)),
                    pad: (
                        numbers.integer(0...2), numbers.integer(0...2), numbers.integer(0...2), numbers.integer(0...2)
                    ), groups: groups, gap: numbers.integer(0...5), bias: numbers.integer(0...1) == 1))
        }
        return cases
    }

    var outputCount: Int {
        extent(
            rows: shape.batch * shape.out_height * shape.out_width, length: shape.out_channels,
            stride: shape.out_pixel_stride)
    }

    /// Results stand in memory of which neither what is before them nor what is behind may be touched.
    func forward(
        _ instructionSet: InstructionSet, threads: Int = 1, side: GuardedMemory<Float>.Side = .atEnd
    ) throws -> [Float] {
        let convolution = try #require(VariableConvolution(shape: shape, instructionSet: instructionSet))
        let scratch = try TensorBuffer(byteCount: convolution.scratchByteCount)
        let output = GuardedMemory([Float](repeating: Self.untouched, count: outputCount), side)
        let x = GuardedMemory(input, side)
        let w = GuardedMemory(weights, side)
        convolution.run(
            input: x.start, weights: w.start, bias: bias, addend: nil, output: output.start,
            scratch: scratch.baseAddress, threads: threads)
        return output.elements
    }

    func inputGradient(
        _ instructionSet: InstructionSet, threads: Int = 1, side: GuardedMemory<Float>.Side = .atEnd
    ) throws -> [Float] {
        let gradient = try #require(ConvolutionInputGradient(shape: shape, instructionSet: instructionSet))
        let scratch = try TensorBuffer(byteCount: gradient.scratchByteCount)
        let result = GuardedMemory([Float](repeating: Self.untouched, count: input.count), side)
        let dy = GuardedMemory(outputGradient, side)
        let w = GuardedMemory(weights, side)
        gradient.run(
            outputGradient: dy.start, weights: w.start, bias: bias, inputGradient: result.start,
            scratch: scratch.baseAddress, threads: threads)
        return result.elements
    }

    func weightGradient(
        _ instructionSet: InstructionSet, threads: Int = 1, side: GuardedMemory<Float>.Side = .atEnd
    ) throws -> [Float] {
        let gradient = try #require(ConvolutionWeightGradient(shape: shape, instructionSet: instructionSet))
        let scratch = try TensorBuffer(byteCount: gradient.scratchByteCount)
        let dw = GuardedMemory([Float](repeating: .nan, count: weights.count), side)
        let db = GuardedMemory([Float](repeating: .nan, count: shape.out_channels), side)
        let x = GuardedMemory(input, side)
        let dy = GuardedMemory(outputGradient, side)
        gradient.run(
            input: x.start, outputGradient: dy.start, weightGradient: dw.start,
            biasGradient: bias == nil ? nil : db.start, scratch: scratch.baseAddress, threads: threads)
        return dw.elements + (bias == nil ? [] : db.elements)
    }
}

@Suite struct ConvolutionGradientTests {
    private static let instructionSets = InstructionSet.allCases.filter(\.isSupported)

    /// The first place where two results are further apart than rounding explains.
    private func difference(_ result: [Float], _ expected: [Float], terms: Int) -> String? {
        let tolerance = 2e-7 * Float(terms) + 1e-5
        guard result.count == expected.count else { return "\(result.count) elements of \(expected.count)" }
        let place = result.indices.first { !(abs(result[$0] - expected[$0]) <= tolerance) }
        return place.map { "\(result[$0]), not \(expected[$0]), at \($0)" }
    }

    @Test(arguments: instructionSets) func inputGradientEqualsNaive(_ instructionSet: InstructionSet) throws {
        for (index, testCase) in Case.all(seed: 171).enumerated() {
            var expected = [Float](repeating: Case.untouched, count: testCase.input.count)
            Reference.convolutionInputGradient(
                testCase.shape, outputGradient: testCase.outputGradient, weights: testCase.weights,
                bias: testCase.bias, inputGradient: &expected)
            let result = try testCase.inputGradient(instructionSet, side: index % 2 == 0 ? .atEnd : .atStart)
            let terms = testCase.weights.count * testCase.shape.groups / testCase.shape.in_channels
            #expect(difference(result, expected, terms: terms) == nil, "\(testCase)")
        }
    }

    @Test(arguments: instructionSets) func weightGradientEqualsNaive(_ instructionSet: InstructionSet) throws {
        for (index, testCase) in Case.all(seed: 172).enumerated() {
            let shape = testCase.shape
            var expected = [Float](repeating: .nan, count: testCase.weights.count)
            var bias = [Float](repeating: .nan, count: shape.out_channels)
            Reference.convolutionWeightGradient(
                shape, input: testCase.input, outputGradient: testCase.outputGradient, weightGradient: &expected,
                biasGradient: &bias)
            let result = try testCase.weightGradient(instructionSet, side: index % 2 == 0 ? .atEnd : .atStart)
            let terms = shape.batch * shape.out_height * shape.out_width
            #expect(
                difference(result, expected + (testCase.bias == nil ? [] : bias), terms: terms) == nil, "\(testCase)")
        }
    }

    /// Weights that are packed by every run give the bits of those that are packed once.
    @Test(arguments: instructionSets) func variableConvolutionEqualsPacked(_ instructionSet: InstructionSet) throws {
        for (index, testCase) in Case.all(seed: 173).enumerated() {
            let packed = try #require(
                try PackedConvolution(
                    shape: testCase.shape, weights: testCase.weights, bias: testCase.bias, activation: .none,
                    instructionSet: instructionSet))
            var expected = [Float](repeating: Case.untouched, count: testCase.outputCount)
            packed.run(input: testCase.input, addend: nil, output: &expected, threads: 1)
            let result = try testCase.forward(instructionSet, side: index % 2 == 0 ? .atEnd : .atStart)
            #expect(bitsAreEqual(result, expected), "\(testCase)")
        }
    }

    /// Images of many blocks of pixels, weights of many blocks of channels, on one to three threads.
    @Test(arguments: instructionSets) func threadsDoNotChangeABit(_ instructionSet: InstructionSet) throws {
        var numbers = Numbers(seed: 174)
        for testCase in [
            Case(
                &numbers, batch: 3, height: 61, width: 59, inputs: 3, outputs: 16, kernel: (3, 3), stride: (2, 2),
                pad: (1, 1, 1, 1)),
            Case(
                &numbers, batch: 2, height: 23, width: 21, inputs: 24, outputs: 70, kernel: (3, 3), pad: (1, 1, 1, 1),
                gap: 2),
            Case(
                &numbers, batch: 2, height: 30, width: 31, inputs: 40, outputs: 40, kernel: (3, 3), stride: (2, 1),
                pad: (1, 1, 1, 1), groups: 40),
            Case(&numbers, height: 9, width: 8, inputs: 200, outputs: 300, kernel: (3, 3), pad: (1, 1, 1, 1)),
        ] {
            let forward = try testCase.forward(instructionSet)
            let input = try testCase.inputGradient(instructionSet)
            let weights = try testCase.weightGradient(instructionSet)
            for threads in 2...3 {
                #expect(bitsAreEqual(try testCase.forward(instructionSet, threads: threads), forward))
                #expect(bitsAreEqual(try testCase.inputGradient(instructionSet, threads: threads), input))
                #expect(bitsAreEqual(try testCase.weightGradient(instructionSet, threads: threads), weights))
            }
            var expected = [Float](repeating: 0, count: testCase.weights.count)
            var bias = [Float](repeating: 0, count: testCase.shape.out_channels)
            Reference.convolutionWeightGradient(
                testCase.shape, input: testCase.input, outputGradient: testCase.outputGradient,
                weightGradient: &expected, biasGradient: &bias)
            let terms = testCase.shape.batch * testCase.shape.out_height * testCase.shape.out_width
            #expect(difference(weights, expected + bias, terms: terms) == nil, "\(testCase)")
        }
    }

    /// Values that are exact in every order, so that any split of the sum shows: how often each tap lies in the image.
    @Test(arguments: instructionSets) func onesCountTaps(_ instructionSet: InstructionSet) throws {
        var numbers = Numbers(seed: 175)
        var testCase = Case(
            &numbers, batch: 2, height: 40, width: 50, inputs: 17, outputs: 33, kernel: (3, 3), pad: (1, 1, 1, 1))
        testCase.input = testCase.input.map { _ in 1 }
        testCase.outputGradient = testCase.outputGradient.map { _ in 1 }
        let result = try testCase.weightGradient(instructionSet)
        let rows = [39, 40, 39]
        let columns = [49, 50, 49]
        for place in testCase.weights.indices {
            let (ky, kx) = (place / 3 % 3, place % 3)
            guard result[place] != Float(2 * rows[ky] * columns[kx]) else { continue }
            Issue.record("\(result[place]) at \(place)")
        }
        #expect(result[testCase.weights.count...].allSatisfy { $0 == 4000 })
    }

    @Test func everyRegisteredKernelIsChosenByACase() {
        var count = 0
        let kernels = sk_conv2d_weight_gradient_f32_kernels(&count)
        let cases = Case.all(seed: 172)
        for index in 0..<count {
            let isChosen = cases.contains { testCase in
                var shape = testCase.shape
                return sk_conv2d_weight_gradient_f32_choose(&shape, kernels[index].pointee.isa) == kernels[index]
            }
            #expect(isChosen, "\(String(cString: kernels[index].pointee.name))")
        }
        #expect(count == 6 || count == 2)
    }

    @Test func aKernelTooWideIsRefused() {
        let shape = ConvolutionShape(
            inputHeight: 1, inputWidth: 500, inputChannels: 9, outputHeight: 1, outputWidth: 101, outputChannels: 2,
            kernelHeight: 1, kernelWidth: 400)
        #expect(VariableConvolution(shape: shape, instructionSet: .best) == nil)
        #expect(ConvolutionInputGradient(shape: shape, instructionSet: .best) == nil)
        #expect(ConvolutionWeightGradient(shape: shape, instructionSet: .best) == nil)
    }
}
