import CSaccadeKernels
import Kernels
import Tensors
import Testing

/// A quantized convolution with numbers, run by an implementation and by the formula.
private struct Case {
    var shape: ConvolutionShape
    var weights: [Int8]
    var bias: [Int32]
    var multipliers: [Float]
    var inputZeroPoint: UInt8
    var kind: sk_result_kind
    var hasAddend: Bool
    var zeroPoint: Int32
    var low: Int16
    var addendZeroPoint: Int16
    var addendMultiplier: Int16
    var isSaturated: Bool

    /// A random shape around the edges of tiles and blocks.
    init?(_ numbers: inout Numbers, isDepthwise: Bool) {
        func side(_ range: ClosedRange<Int>) -> Int { numbers.integer(range) }
        var groups = side(0...4) == 0 ? side(1...3) : 1
        var inputs = groups * (side(0...2) == 0 ? 4 * side(1...20) : side(1...40))
        var outputs = groups * side(1...70)
        if isDepthwise {
            groups = side(0...2) == 0 ? 16 * side(1...8) : side(2...140)
            (inputs, outputs) = (groups, groups)
        }
        let kernel = (side(1...3), side(1...5))
        let stride = (side(1...2), side(1...3))
        let dilation = (side(0...5) == 0 ? 2 : 1, side(0...5) == 0 ? 2 : 1)
        let most = isDepthwise ? 4 : 2
        let pad = (side(0...most - 1), side(0...most), side(0...most - 1), side(0...most))
        let size = (side(3...20), side(3...40))
        let extent = ((kernel.0 - 1) * dilation.0 + 1, (kernel.1 - 1) * dilation.1 + 1)
        guard size.0 + pad.0 + pad.2 >= extent.0, size.1 + pad.1 + pad.3 >= extent.1 else { return nil }
        self.init(
            ConvolutionShape(
                batch: side(1...2), inputHeight: size.0, inputWidth: size.1, inputChannels: inputs,
                outputHeight: (size.0 + pad.0 + pad.2 - extent.0) / stride.0 + 1,
                outputWidth: (size.1 + pad.1 + pad.3 - extent.1) / stride.1 + 1, outputChannels: outputs,
                kernelHeight: kernel.0, kernelWidth: kernel.1, strideHeight: stride.0, strideWidth: stride.1,
                dilationHeight: dilation.0, dilationWidth: dilation.1, padTop: pad.0, padLeft: pad.1, groups: groups,
                inputPixelStride: inputs + side(0...1) * side(0...9),
                outputPixelStride: outputs + side(0...1) * side(0...9), addendPixelStride: outputs + side(0...9)),
            &numbers)
    }

    init(_ shape: ConvolutionShape, _ numbers: inout Numbers) {
        self.shape = shape
        isSaturated = numbers.integer(0...3) == 0
        let depth = shape.in_channels / shape.groups * shape.kernel_height * shape.kernel_width
        let saturated = isSaturated
        weights = (0..<depth * shape.out_channels).map { _ in
            saturated ? (numbers.next() & 1 == 0 ? -128 : 127) : Int8(truncatingIfNeeded: numbers.next())
        }
        bias = (0..<shape.out_channels).map { _ in Int32(numbers.integer(-10000...10000)) }
        kind = [sk_result_linear, sk_result_curve, sk_result_f32][numbers.integer(0...2)]
        hasAddend = kind != sk_result_f32 && numbers.next() & 1 == 0
        // Results that fill the range without all being at its ends.
        let reach: Float = kind == sk_result_linear && !hasAddend ? 60 : 3000
        let typical = 128 * 128 * Float(depth).squareRoot()
        multipliers = (0..<shape.out_channels).map { _ in
            (0.2 + Float(numbers.integer(0...1000)) / 1000) * reach / typical
        }
        inputZeroPoint = UInt8(truncatingIfNeeded: numbers.next())
        zeroPoint = Int32(numbers.integer(0...255))
        low = numbers.integer(0...2) == 0 ? 0 : .min
        addendZeroPoint = Int16(numbers.integer(0...255))
        addendMultiplier = Int16(numbers.integer(0...32767))
    }

    /// The bytes of the result that `body` writes, and of the memory between its pixels.
    func result(
        _ seed: UInt64,
        _ body: (UnsafePointer<UInt8>, UnsafePointer<UInt8>?, UnsafeMutableRawPointer, inout sk_requantize) -> Void
    ) throws -> [UInt8] {
        var numbers = Numbers(seed: seed)
        let pixels = shape.batch * shape.out_height * shape.out_width
        let inputCount =
            (shape.batch * shape.in_height * shape.in_width - 1) * shape.in_pixel_stride + shape.in_channels
        let side: GuardedMemory<UInt8>.Side = numbers.next() & 1 == 0 ? .atEnd : .atStart
        let input = GuardedMemory(
            (0..<inputCount).map { _ in
                isSaturated ? (numbers.next() & 1 == 0 ? 255 : 0) : UInt8(truncatingIfNeeded: numbers.next())
            }, side)
        let addendCount = extent(rows: pixels, length: shape.out_channels, stride: shape.addend_pixel_stride)
        let addend = GuardedMemory((0..<addendCount).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }, side)
        let outputCount = extent(rows: pixels, length: shape.out_channels, stride: shape.out_pixel_stride)
        let output = GuardedMemory(
            [UInt8](repeating: 7, count: outputCount * (kind == sk_result_f32 ? 4 : 1)), side)
        // A curve with steep, flat and falling pieces.
        let curve = try TensorBuffer(byteCount: 256)
        let words = curve.baseAddress.bindMemory(to: Int16.self, capacity: 128)
        for piece in 0..<64 {
            words[piece] = Int16(numbers.integer(-2000...2000))
            words[64 + piece] = Int16(numbers.integer(-9000...9000))
        }
        var requantize = sk_requantize(
            kind: kind, zero_point: zeroPoint, low: low, high: .max, curve: words,
            addend_zero_point: addendZeroPoint, addend_multiplier: addendMultiplier)
        body(input.start, hasAddend ? addend.start : nil, output.start, &requantize)
        return withExtendedLifetime(curve) { output.elements }
    }

    func expected(_ seed: UInt64) throws -> [UInt8] {
        try result(seed) { input, addend, output, requantize in
            withWeights { weights in
                var shape = shape
                sk_conv2d_u8_naive(&shape, &weights, input, inputZeroPoint, addend, output, &requantize)
            }
        }
    }

    /// The work cut in four, in the order that is least like the natural one.
    func computed(_ seed: UInt64, _ kernel: sk_conv2d_u8_kernel) throws -> [UInt8] {
        var numbers = Numbers(seed: seed ^ 1)
        var shape = shape
        let packed = try TensorBuffer(byteCount: kernel.packed_bytes(&shape))
        withWeights { kernel.pack(&shape, &$0, inputZeroPoint, packed.baseAddress) }
        let pixels = shape.batch * shape.out_height * shape.out_width
        let blocks = kernel.block_count(&shape)
        let cut = (numbers.integer(0...pixels), numbers.integer(0...blocks))
        return try result(seed) { input, addend, output, requantize in
            for (first, last) in [(cut.0, pixels), (0, cut.0)] {
                for (firstBlock, lastBlock) in [(cut.1, blocks), (0, cut.1)] {
                    kernel.run(
                        &shape, packed.baseAddress, input, inputZeroPoint, addend, output, &requantize,
                        sk_conv2d_range(
                            pixel_begin: first, pixel_end: last, block_begin: firstBlock, block_end: lastBlock))
                }
            }
        }
    }

    private func withWeights(_ body: (inout sk_conv2d_u8_weights) -> Void) {
        weights.withUnsafeBufferPointer { values in
            bias.withUnsafeBufferPointer { bias in
                multipliers.withUnsafeBufferPointer { multipliers in
                    guard let values = values.baseAddress, let scales = multipliers.baseAddress else { return }
                    var weights = sk_conv2d_u8_weights(values: values, bias: bias.baseAddress, multipliers: scales)
                    body(&weights)
                }
            }
        }
    }
}

private let dense = ConvolutionShape(
    inputHeight: 8, inputWidth: 8, inputChannels: 8, outputHeight: 8, outputWidth: 8, outputChannels: 8,
    kernelHeight: 1, kernelWidth: 1)
private let depthwise = ConvolutionShape(
    inputHeight: 8, inputWidth: 8, inputChannels: 8, outputHeight: 8, outputWidth: 8, outputChannels: 8,
    kernelHeight: 1, kernelWidth: 1, groups: 8)

extension sk_conv2d_u8_kernel {
    /// Whether it is for depthwise convolutions alone.
    fileprivate var isDepthwise: Bool {
        var shape = dense
        return !supports(&shape)
    }
}

/// Every implementation in the registry that this machine runs.
private func kernels() -> [sk_conv2d_u8_kernel] {
    var count = 0
    let list = sk_conv2d_u8_kernels(&count)
    return (0..<count).map { list[$0].pointee }.filter { sk_isa_is_supported($0.isa) }
}

private let names = kernels().map { String(cString: $0.name) }
private let generalNames = kernels().filter { !$0.isDepthwise }.map { String(cString: $0.name) }
private let depthwiseNames = kernels().filter(\.isDepthwise).map { String(cString: $0.name) }

@Suite struct QuantizedConvolutionTests {
    @Test(arguments: names)
    func equalsTheFormulaExactly(_ name: String) throws {
        let kernel = try #require(kernels().first { String(cString: $0.name) == name })
        var numbers = Numbers(seed: 7)
        var compared = 0
        while compared < 150 {
            guard let testCase = Case(&numbers, isDepthwise: kernel.isDepthwise) else { continue }
            var shape = testCase.shape
            #expect(kernel.supports(&shape))
            let seed = numbers.next()
            #expect(try testCase.computed(seed, kernel) == testCase.expected(seed), "\(testCase.shape)")
            compared += 1
        }
    }

    /// Layers of the detectors that the project is measured with, and images whose pixels are too wide for a tile of
    /// them to stay in the first-level cache: input side and channels, outputs, kernel, stride.
    @Test(arguments: generalNames)
    func equalsTheFormulaOnDetectorLayers(_ name: String) throws {
        let kernel = try #require(kernels().first { String(cString: $0.name) == name })
        var numbers = Numbers(seed: 8)
        let layers = [
            (64, 3, 16, 3, 2), (48, 16, 32, 3, 2), (40, 32, 32, 1, 1), (33, 16, 16, 3, 1), (20, 48, 32, 1, 1),
            (20, 64, 80, 3, 1), (12, 80, 80, 1, 1), (10, 128, 64, 3, 1), (9, 384, 256, 1, 1), (64, 3, 16, 6, 2),
            (20, 24, 255, 1, 1), (10, 256, 128, 3, 2), (7, 2048, 20, 1, 1), (1, 1172, 5, 1, 1), (7, 1280, 40, 1, 2),
            (2, 2730, 17, 1, 1), (1, 5464, 3, 1, 1),
        ]
        for (side, inputs, outputs, kernelSide, stride) in layers {
            let pad = kernelSide / 2
            let extent = (side + 2 * pad - kernelSide) / stride + 1
            let shape = ConvolutionShape(
                inputHeight: side, inputWidth: side, inputChannels: inputs, outputHeight: extent, outputWidth: extent,
                outputChannels: outputs, kernelHeight: kernelSide, kernelWidth: kernelSide, strideHeight: stride,
                strideWidth: stride, padTop: pad, padLeft: pad)
            let testCase = Case(shape, &numbers)
            let seed = numbers.next()
            #expect(try testCase.computed(seed, kernel) == testCase.expected(seed), "\(shape)")
        }
    }

    /// Depthwise layers of the detectors: input side, channels, kernel, stride.
    @Test(arguments: depthwiseNames)
    func equalsTheFormulaOnDepthwiseLayers(_ name: String) throws {
        let kernel = try #require(kernels().first { String(cString: $0.name) == name })
        var numbers = Numbers(seed: 9)
        let layers = [
            (20, 64, 3, 1), (20, 80, 3, 1), (10, 128, 3, 1), (9, 256, 3, 1), (26, 16, 3, 1), (26, 32, 5, 2),
            (13, 96, 5, 1), (13, 48, 3, 2), (20, 128, 7, 1), (12, 24, 3, 1), (11, 3, 3, 1), (17, 40, 13, 1),
        ]
        for (side, channels, kernelSide, stride) in layers {
            let pad = kernelSide / 2
            let extent = (side + 2 * pad - kernelSide) / stride + 1
            let shape = ConvolutionShape(
                inputHeight: side, inputWidth: side, inputChannels: channels, outputHeight: extent,
                outputWidth: extent, outputChannels: channels, kernelHeight: kernelSide, kernelWidth: kernelSide,
                strideHeight: stride, strideWidth: stride, padTop: pad, padLeft: pad, groups: channels)
            for _ in 0..<4 {
                let testCase = Case(shape, &numbers)
                let seed = numbers.next()
                #expect(try testCase.computed(seed, kernel) == testCase.expected(seed), "\(shape)")
            }
        }
    }

    /// 255 · −128 and 255 · 127, everywhere: more than an s16 holds for every two products.
    @Test(arguments: generalNames)
    func saturatingProductsAreExact(_ name: String) throws {
        let kernel = try #require(kernels().first { String(cString: $0.name) == name })
        for weight in [Int8(-128), 127] {
            var shape = ConvolutionShape(
                inputHeight: 5, inputWidth: 17, inputChannels: 64, outputHeight: 5, outputWidth: 17, outputChannels: 48,
                kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1)
            let packed = try TensorBuffer(byteCount: kernel.packed_bytes(&shape))
            let weights = [Int8](repeating: weight, count: 48 * 64 * 9)
            let ones = [Float](repeating: 1, count: 48)
            weights.withUnsafeBufferPointer { values in
                ones.withUnsafeBufferPointer { ones in
                    guard let values = values.baseAddress, let scales = ones.baseAddress else { return }
                    var numbers = sk_conv2d_u8_weights(values: values, bias: nil, multipliers: scales)
                    kernel.pack(&shape, &numbers, 0, packed.baseAddress)
                }
            }
            let input = [UInt8](repeating: 255, count: 5 * 17 * 64)
            var output = [Float](repeating: 0, count: 5 * 17 * 48)
            var requantize = sk_requantize()
            requantize.kind = sk_result_f32
            output.withUnsafeMutableBytes { output in
                guard let address = output.baseAddress else { return }
                kernel.run(
                    &shape, packed.baseAddress, input, 0, nil, address, &requantize,
                    sk_conv2d_range(
                        pixel_begin: 0, pixel_end: 85, block_begin: 0, block_end: kernel.block_count(&shape)))
            }
            // The middle of the image has all nine taps.
            #expect(output[(2 * 17 + 8) * 48] == Float(9 * 64 * 255 * Int(weight)))
        }
    }

    @Test func everyKernelIsChosen() {
        var count = 0
        let list = sk_conv2d_u8_kernels(&count)
        for index in 0..<count {
            var shape = list[index].pointee.isDepthwise ? depthwise : dense
            #expect(sk_conv2d_u8_choose(&shape, list[index].pointee.isa) == list[index])
        }
        var shape = dense
        // AVX-512 without VNNI takes the kernel of AVX2.
        if count > 1 { #expect(sk_conv2d_u8_choose(&shape, sk_isa_avx512)?.pointee.isa == sk_isa_avx2) }
    }
}

@Suite struct RequantizationTests {
    private static let activations: [FusedActivation] = [
        .silu, .sigmoid, .tanh, .hardSwish, .leakyRelu(slope: 0.1), .hardSigmoid(slope: 1 / 6, offset: 0.5),
    ]

    /// A pointwise convolution with weight 1 is its activation: every sum against the real function.
    @Test(arguments: activations)
    func curvesAreWithinAStep(_ activation: FusedActivation) throws {
        let output = QuantizationParameters(scale: 0.03, zeroPoint: 20)
        let requantization = try #require(
            try Requantization(activation: activation, output: output, addend: nil))
        let scale: Float = 0.001
        let multiplier = requantization.multiplier(sumScale: scale)
        let offset = Int32(requantization.sumOffset(sumScale: scale))
        var worst: Float = 0
        for sum in stride(from: Int32(-20000), through: 20000, by: 7) {
            let byte = requantization.result(sum: sum + offset, multiplier: multiplier)
            let exact = max(0, min(255, activation(Float(sum) * scale) / 0.03 + 20))
            worst = max(worst, abs(Float(byte) - exact))
        }
        // Half a step is rounding.
        #expect(worst < 0.75, "\(worst)")
    }

    @Test func linearResultsAreThoseOfONNX() throws {
        let output = QuantizationParameters(scale: 0.05, zeroPoint: 3)
        for (activation, lowest) in [
            (FusedActivation.none, Float(-0.15)), (.relu, 0), (.clip(minimum: 1, maximum: 6), 1),
        ] {
            let requantization = try #require(
                try Requantization(activation: activation, output: output, addend: nil))
            let multiplier = requantization.multiplier(sumScale: 0.01)
            #expect(requantization.sumOffset(sumScale: 0.01) == 0)
            for sum in Int32(-1500)...1500 {
                let value = max(lowest, min(activation(Float(sum) * 0.01), 12.6))
                let byte = requantization.result(sum: sum, multiplier: multiplier)
                #expect(abs(Float(byte) - (value / 0.05 + 3)) <= 0.501)
            }
        }
    }

    @Test func whatHasNoIntegerFormIsRefused() throws {
        let output = QuantizationParameters(scale: 0.05, zeroPoint: 3)
        #expect(try Requantization(activation: .silu, output: nil, addend: nil) == nil)
        #expect(
            try Requantization(
                activation: .none, output: output, addend: QuantizationParameters(scale: 0.1, zeroPoint: 0)) == nil)
    }
}
