import Graphs
import Tensors
import Testing

/// Which nodes become integer ones. That they compute the same is tested where they run, in IntegerPlanTests.
@Suite struct AbsorbQuantizationTests {
    private struct Builder {
        var builder = GraphBuilder(name: "test")

        mutating func parameters(_ scale: Float, _ zeroPoint: UInt8) throws -> [ValueID] {
            [try builder.constant([scale], []), try builder.constant([zeroPoint], [])]
        }

        /// x through bytes and back.
        mutating func rounded(_ x: ValueID, _ scale: Float = 0.02, _ zeroPoint: UInt8 = 10) throws -> ValueID {
            let parameters = try parameters(scale, zeroPoint)
            let bytes = try builder.node(.quantizeLinear(axis: 0), [x] + parameters)
            return try builder.node(.dequantizeLinear(axis: 0), [bytes] + parameters)
        }

        mutating func convolution(_ x: ValueID, _ inputs: Int, _ outputs: Int, isQuantized: Bool = true) throws
            -> ValueID
        {
            let shape = [outputs, inputs, 1, 1]
            let count = outputs * inputs
            let weights: ValueID
            if isQuantized {
                let bytes = try builder.constant((0..<count).map { Int8($0 % 100) }, shape)
                let scales = try builder.constant(Array(repeating: Float(0.01), count: outputs), [outputs])
                weights = try builder.node(.dequantizeLinear(axis: 0), [bytes, scales])
            } else {
                weights = try builder.constant((0..<count).map { Float($0) / 100 }, shape)
            }
            return try builder.node(.convolution(Convolution()), [x, weights, nil])
        }

        func optimized(integerPorts: Bool = false) throws -> Graph {
            try builder.graph.optimized(
                options: GraphOptions(channelsLastInput: true, integerPorts: integerPorts))
        }
    }

    private func operators(_ graph: Graph) -> [String] { graph.nodes.map(\.op.name) }

    private func quantized(_ graph: Graph) -> [Bool] {
        graph.nodes.map { node in node.outputs.allSatisfy { graph[$0].quantization != nil } }
    }

    @Test func activationAndResidualJoinTheirConvolution() throws {
        var b = Builder()
        let x = try b.rounded(b.builder.input("x", [1, 4, 6, 6]))
        let sum = try b.builder.node(.unary(.silu), [try b.convolution(x, 4, 4)])
        b.builder.output(try b.rounded(try b.builder.node(.binary(.add), [x, sum])))
        let graph = try b.optimized(integerPorts: true)
        #expect(operators(graph).filter { $0 != "transpose" } == ["convolution"])
        #expect(quantized(graph).allSatisfy { $0 })
        #expect(graph[graph.inputs[0]].dtype == .uint8)
        #expect(graph[graph.outputs[0]].dtype == .uint8)
        let convolution = try #require(graph.nodes.first { $0.op.name == "convolution" })
        #expect(convolution.inputs.count == 4)
        // With float ports the same stands between two changes of representation.
        let floats = try b.optimized()
        #expect(operators(floats).filter { $0 != "transpose" } == ["requantize", "convolution", "requantize"])
        #expect(floats[floats.inputs[0]].dtype == .float32)
        #expect(floats[floats.outputs[0]].dtype == .float32)
    }

    @Test func floatWeightsStayFloat() throws {
        var b = Builder()
        let x = try b.rounded(b.builder.input("x", [1, 4, 6, 6]))
        b.builder.output(try b.rounded(try b.convolution(x, 4, 4, isQuantized: false)))
        let graph = try b.optimized()
        let convolution = try #require(graph.nodes.first { $0.op.name == "convolution" })
        #expect(convolution.inputs.allSatisfy { $0.map { graph[$0].quantization == nil } ?? true })
    }

    /// The last convolution of a head whose maps are not quantized.
    @Test func sumsMayBecomeFloats() throws {
        var b = Builder()
        let x = try b.rounded(b.builder.input("x", [1, 4, 6, 6]))
        b.builder.output(try b.convolution(x, 4, 5))
        let graph = try b.optimized(integerPorts: true)
        #expect(operators(graph).filter { $0 != "transpose" } == ["convolution"])
        #expect(graph[graph.outputs[0]].dtype == .float32)
    }

    @Test func partsOfAConcatenationTakeItsScale() throws {
        var b = Builder()
        let x = b.builder.input("x", [1, 4, 6, 6])
        let (near, far) = (try b.rounded(x, 0.02, 10), try b.rounded(x, 0.05, 3))
        b.builder.output(try b.rounded(try b.builder.node(.concat(axis: 1), [near, far]), 0.05, 3))
        let graph = try b.optimized(integerPorts: true)
        #expect(
            operators(graph).filter { $0 != "transpose" }.sorted() == [
                "concat", "requantize", "requantize", "requantize",
            ])
        let concat = try #require(graph.nodes.first { $0.op.name == "concat" })
        let parameters = concat.inputs.compactMap { $0.flatMap { graph[$0].quantization } }
        #expect(
            parameters == [
                QuantizationParameters(scale: 0.05, zeroPoint: 3), QuantizationParameters(scale: 0.05, zeroPoint: 3),
            ])
    }

    /// Bytes that are read by other numbers than they were written with keep their float form.
    @Test func reinterpretedBytesAreLeftAlone() throws {
        var b = Builder()
        let x = b.builder.input("x", [1, 4, 6, 6])
        let bytes = try b.builder.node(.quantizeLinear(axis: 0), [x] + (try b.parameters(0.02, 10)))
        let other = try b.parameters(0.04, 10)
        b.builder.output(try b.builder.node(.dequantizeLinear(axis: 0), [bytes] + other))
        #expect(operators(try b.optimized()).filter { $0 != "transpose" } == ["quantizeLinear", "dequantizeLinear"])
    }

    @Test func signedActivationsCountFromZero() throws {
        var b = Builder()
        let x = b.builder.input("x", [1, 4, 6, 6])
        let parameters = [try b.builder.constant([Float(0.02)], []), try b.builder.constant([Int8(-5)], [])]
        let bytes = try b.builder.node(.quantizeLinear(axis: 0), [x] + parameters)
        let y = try b.builder.node(.dequantizeLinear(axis: 0), [bytes] + parameters)
        b.builder.output(try b.rounded(try b.convolution(y, 4, 4)))
        let graph = try b.optimized()
        let convolution = try #require(graph.nodes.first { $0.op.name == "convolution" })
        let input = try #require(convolution.input(0))
        #expect(graph[input].dtype == .uint8)
        #expect(graph[input].quantization == QuantizationParameters(scale: 0.02, zeroPoint: 123))
    }
}
