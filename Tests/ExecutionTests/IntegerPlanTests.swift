import Execution
import Graphs
import Kernels
import Tensors
import Testing

/// Quantized graphs as integer plans beside the same graphs whose roundings are carried out on float numbers.
@Suite struct IntegerPlanTests {
    /// Everything that stands between the convolutions of the detectors: activations, a residual, a split, pooling, a
    /// resize and concatenations.
    private struct Builder {
        var builder = GraphBuilder(name: "quantized")

        mutating func number(_ value: Float) throws -> ValueID { try builder.constant([value], []) }

        /// Bytes and back.
        mutating func quantized(_ x: ValueID, scale: Float, zeroPoint: UInt8, name: String) throws -> ValueID {
            let scale = try number(scale)
            let zero = try builder.constant([zeroPoint], [])
            let bytes = try builder.node(.quantizeLinear(axis: 0), [x, scale, zero], name: "\(name).bytes")
            return try builder.node(.dequantizeLinear(axis: 0), [bytes, scale, zero], name: "\(name).again")
        }

        /// Weights with one scale a channel.
        mutating func weights(_ outputs: Int, _ inputs: Int, _ side: Int) throws -> ValueID {
            let count = outputs * inputs * side * side
            let values = (0..<count).map { (index: Int) -> Int8 in Int8(truncatingIfNeeded: (index * 7919) % 251 - 125)
            }
            let scales = (0..<outputs).map { (index: Int) -> Float in 0.0006 + 0.0001 * Float(index % 7) }
            let bytes = try builder.constant(values, [outputs, inputs, side, side])
            return try builder.node(.dequantizeLinear(axis: 0), [bytes, try builder.constant(scales, [outputs])])
        }

        mutating func convolution(
            _ x: ValueID, _ inputs: Int, _ outputs: Int, _ side: Int, stride: Int = 1, _ name: String,
            activation: UnaryFunction? = .silu
        ) throws -> ValueID {
            let bias = try builder.constant((0..<outputs).map { Float($0 % 5) / 10 - 0.2 }, [outputs])
            let window = Window(strides: Size2D(stride), padding: Padding2D(side / 2))
            let y = try builder.node(
                .convolution(Convolution(window: window)), [x, try weights(outputs, inputs, side), bias],
                name: activation == nil ? name : "\(name).conv")
            guard let activation else { return y }
            return try builder.node(.unary(activation), [y], name: name)
        }
    }

    private func block() throws -> Graph {
        var b = Builder()
        let x = try b.quantized(
            b.builder.input("x", [1, 3, 24, 20]), scale: 1 / 255, zeroPoint: 0, name: "pixels")
        func q(_ x: ValueID, _ scale: Float, _ zero: UInt8, _ name: String) throws -> ValueID {
            try b.quantized(x, scale: scale, zeroPoint: zero, name: name)
        }
        let stem = try q(b.convolution(x, 3, 16, 3, stride: 2, "stem"), 0.01, 28, "stem")
        let first = try q(b.convolution(stem, 16, 32, 1, "first"), 0.012, 23, "first")
        let parts = try b.builder.nodes(
            .split(axis: 1), [first, try b.builder.integers([16, 16])], outputCount: 2, name: "parts")
        let inner = try q(b.convolution(parts[1], 16, 16, 3, "inner"), 0.02, 14, "inner")
        let bottleneck = try b.convolution(inner, 16, 16, 3, "bottleneck")
        // The concatenation's parts have one scale, so that each is written in its place.
        let sum = try q(b.builder.node(.binary(.add), [parts[1], bottleneck], name: "sum"), 0.012, 23, "sum")
        let all = try b.builder.node(.concat(axis: 1), [parts[0], parts[1], sum], name: "all")
        let last = try q(b.convolution(all, 48, 24, 3, stride: 2, "last", activation: .relu), 0.05, 0, "last")
        let pool = try b.builder.node(
            .maxPool(Pool(kernel: Size2D(5), window: Window(padding: Padding2D(2)))), [last], name: "pool")
        let factors = try b.builder.constant([Float(1), 1, 2, 2], [4])
        let large = try b.builder.node(
            .resize(Resize(mode: .nearest, coordinates: .asymmetric, rounding: .floor)), [pool, factors], name: "large")
        // Another scale than its other part has.
        let joined = try q(b.builder.node(.concat(axis: 1), [large, sum], name: "joined"), 0.06, 5, "joined")
        let map = try q(b.convolution(joined, 40, 18, 1, "map", activation: nil), 0.03, 140, "map")
        b.builder.output(map, name: "y")
        b.builder.output(try b.convolution(joined, 40, 7, 1, "wide", activation: nil), name: "z")
        b.builder.output(try b.convolution(joined, 40, 9, 1, "gate", activation: .sigmoid), name: "g")
        return b.builder.graph
    }

    private func input() throws -> Tensor {
        let elements = (0..<3 * 24 * 20).map { (index: Int) -> Float in Float((index * 31) % 256) / 255 }
        return try Tensor(elements, shape: [1, 3, 24, 20])
    }

    private func session(_ options: ExecutionOptions, threads: Int = 1) throws -> Session {
        try Session(try ExecutionPlan(try block(), options: options), threads: threads)
    }

    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func integersAreWithinAStepOfTheirFloatOracle(_ instructionSet: InstructionSet) throws {
        let names = ["stem", "first", "inner", "sum", "all", "last", "pool", "joined", "map"]
        let integers = try session(ExecutionOptions(instructionSet: instructionSet, keep: names))
        let results = try integers.run([try input()])
        // The oracle rounds at the same places: its tensors after the roundings have the suffix.
        let kept = ["stem.again", "first.again", "inner.again", "sum.again", "last.again", "joined.again"]
        let oracle = try session(ExecutionOptions(integers: false, keep: kept))
        let expected = try oracle.run([try input()])
        for name in kept.map({ String($0.dropLast(6)) }) {
            let port = try #require(integers.plan.kept[name])
            let parameters = try #require(port.quantization)
            let scale = try #require(parameters.scale)
            let zero = Float(try #require(parameters.zeroPoint))
            let bytes = try integers.tensor(named: name).elements(as: UInt8.self)
            let reals = try oracle.tensor(named: "\(name).again").elements(as: Float.self)
            #expect(bytes.count == reals.count)
            let steps = zip(bytes, reals).map { abs(Float($0) - ($1 / scale + zero)) }
            let close = steps.count { $0 < 1.01 }
            #expect(Double(close) >= 0.99 * Double(steps.count), "\(name)")
            #expect(steps.max() ?? 0 < 3.01, "\(name)")
        }
        for (result, oracle) in zip(results, expected) {
            let differences = zip(result.elements(as: Float.self), oracle.elements(as: Float.self)).map { abs($0 - $1) }
            #expect(differences.max() ?? 0 < 0.1)
            #expect(result.shape == oracle.shape)
        }
    }

    /// From the bytes of the input on nothing is float but what is asked for, and nothing is copied.
    @Test func nothingIsFloatInBetween() throws {
        let options = ExecutionOptions(inputLayout: .channelsLast, instructionSet: .portable, integerPorts: true)
        let plan = try ExecutionPlan(try block(), options: options)
        #expect(plan.inputs[0].dtype == .uint8)
        #expect(plan.inputs[0].quantization == QuantizationParameters(scale: 1 / 255, zeroPoint: 0))
        #expect(plan.outputs.map(\.dtype) == [.uint8, .float32, .float32])
        #expect(plan.outputs[0].quantization == QuantizationParameters(scale: 0.03, zeroPoint: 140))
        let kernels = plan.operations.map { "\($0.op) \($0.kernel)" }
        let convolution = "convolution conv2d_u8_portable"
        #expect(
            kernels.filter { !$0.hasPrefix("transpose") } == [
                convolution, convolution, convolution, convolution, convolution, "maxPool maxpool2d_u8",
                "resize nearest_resize", "requantize lookup_u8", "requantize lookup_u8", convolution, convolution,
                convolution,
            ], "\(kernels)")
    }

    @Test func threadsAndInstructionSetsDoNotChangeAByte() throws {
        let reference = try session(ExecutionOptions(instructionSet: .portable)).run([try input()])
        for instructionSet in InstructionSet.allCases where instructionSet.isSupported {
            for threads in [1, 3] {
                let options = ExecutionOptions(instructionSet: instructionSet)
                let results = try session(options, threads: threads).run([try input()])
                for (result, expected) in zip(results, reference).dropLast() {
                    #expect(result.elements(as: Float.self) == expected.elements(as: Float.self))
                }
            }
        }
    }
}
