import Graphs
import Tensors
import Testing

/// Passes over graphs with quantizeLinear and dequantizeLinear: integers of weights are kept, orders are changed through
/// both.
@Suite struct QuantizedGraphTests {
    private func zeroPoint(_ builder: inout GraphBuilder, _ values: [UInt8]) throws -> ValueID {
        try builder.constant(values, values.count == 1 ? [] : [values.count])
    }

    private func scale(_ builder: inout GraphBuilder, _ values: [Float]) throws -> ValueID {
        try builder.constant(values, values.count == 1 ? [] : [values.count])
    }

    /// x through integers and back.
    private func rounded(
        _ builder: inout GraphBuilder, _ x: ValueID, axis: Int = 1, scales: [Float] = [0.02],
        zeroPoints: [UInt8] = [117]
    ) throws -> ValueID {
        let parameters = [try scale(&builder, scales), try zeroPoint(&builder, zeroPoints)]
        let q = try builder.node(.quantizeLinear(axis: axis), [x] + parameters)
        return try builder.node(.dequantizeLinear(axis: axis), [q] + parameters)
    }

    private func weights(_ builder: inout GraphBuilder, _ shape: [Int], axis: Int = 0) throws -> ValueID {
        let values = NaiveInterpreter.Numbers.pseudorandom(shape, seed: 5).values.map { Int8($0 * 60) }
        let scales = (0..<shape[axis]).map { 0.004 + 0.001 * Float($0) }
        return try builder.node(
            .dequantizeLinear(axis: axis),
            [try builder.constant(values, shape), try builder.constant(scales, [shape[axis]])])
    }

    private func convolution(_ builder: inout GraphBuilder, _ x: ValueID, _ shape: [Int]) throws -> ValueID {
        let bias = try builder.node(
            .dequantizeLinear(axis: 0),
            [
                try builder.constant((0..<shape[0]).map { Int32($0 * 1000 - 3000) }, [shape[0]]),
                try builder.constant(Array(repeating: Float(1e-4), count: shape[0]), [shape[0]]),
            ])
        let window = Window(padding: Padding2D(shape[2] / 2))
        return try builder.node(
            .convolution(Convolution(window: window)), [x, try weights(&builder, shape), bias])
    }

    @Test func signatures() throws {
        let u8: DType = .uint8
        #expect(try Operator.quantizeLinear(axis: 0).outputDTypes([.float32, .float32], outputCount: 1) == [u8])
        #expect(
            try Operator.quantizeLinear(axis: 0).outputDTypes([.float32, .float32, .int8], outputCount: 1) == [.int8])
        #expect(try Operator.dequantizeLinear(axis: 0).outputDTypes([.int32, .float32], outputCount: 1) == [.float32])
        for types: [DType?] in [
            [.int32, .float32], [.float32, .int64], [.float32, .float32, .int32], [.float32], [.float32, nil],
        ] {
            #expect(throws: GraphError.self) {
                try Operator.quantizeLinear(axis: 0).outputDTypes(types, outputCount: 1)
            }
        }
        for types: [DType?] in [
            [.float32, .float32], [.int64, .float32], [.uint8, .float32, .int8], [.uint8, .uint8], [.uint8],
        ] {
            #expect(throws: GraphError.self) {
                try Operator.dequantizeLinear(axis: 0).outputDTypes(types, outputCount: 1)
            }
        }
    }

    @Test func parametersFitTheAxis() throws {
        func infer(_ axis: Int, _ scales: [Int], _ zeroPoints: [Int]?) throws -> [Int] {
            var types: [TensorType?] = [
                TensorType(dtype: .uint8, shape: try Shape([2, 3, 4])),
                TensorType(dtype: .float32, shape: try Shape(scales)),
            ]
            if let zeroPoints { types.append(TensorType(dtype: .uint8, shape: try Shape(zeroPoints))) }
            return try Operator.dequantizeLinear(axis: axis).infer(types)[0].shape.dimensions
        }
        #expect(try infer(1, [3], [3]) == [2, 3, 4])
        #expect(try infer(-1, [4], nil) == [2, 3, 4])
        // One scale is for the whole tensor, whatever the axis.
        #expect(try infer(99, [], []) == [2, 3, 4])
        #expect(try infer(99, [1], [1]) == [2, 3, 4])
        for (axis, scales, zeroPoints) in [
            (1, [4], nil), (3, [4], nil), (Int.min, [4], nil), (1, [3], [4]), (1, [3], []), (0, [2, 1], nil),
            (1, [3], [3, 1]), (1, [0], nil),
        ] as [(Int, [Int], [Int]?)] {
            #expect(throws: GraphError.self) { try infer(axis, scales, zeroPoints) }
        }
    }

    @Test func axesAreNormalized() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 2, 3])
        let a = try rounded(&builder, x, axis: -1, scales: [0.1, 0.2, 0.3], zeroPoints: [1, 2, 3])
        builder.output(try rounded(&builder, a, axis: 7))
        let graph = try builder.graph.specialized()
        try GraphSpec.check(graph, pass: "specialized")
        #expect(
            graph.nodes.map(\.op) == [
                .quantizeLinear(axis: 2), .dequantizeLinear(axis: 2), .quantizeLinear(axis: 0),
                .dequantizeLinear(axis: 0),
            ])
        let parameters = graph.nodes.map { graph.quantizationParameters(of: $0) }
        #expect(parameters[0] == QuantizationParameters(scales: [0.1, 0.2, 0.3], zeroPoints: [1, 2, 3], axis: 2))
        #expect(parameters[3] == QuantizationParameters(scale: 0.02, zeroPoint: 117))
    }

    /// Float weights may be rounded when the graph is made; the integers that come of it are not multiplied out.
    @Test func integersOfWeightsStay() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 4, 6, 8])
        builder.output(try convolution(&builder, x, [6, 4, 3, 3]))
        let graph = try builder.graph.optimized { op, _, _ in
            Issue.record("\(op.name) was folded")
            return nil
        }
        #expect(graph.count("dequantizeLinear") == 2)
        #expect(graph.dequantizedConstants().count == 2)
        #expect(graph.constants.values.contains { $0.dtype == .int8 })
    }

    @Test func activationsFuseIntoConvolutionsWithIntegerWeights() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 4, 6, 8])
        let y = try convolution(&builder, x, [6, 4, 1, 1])
        let gate = try builder.node(.unary(.sigmoid), [y])
        builder.output(try rounded(&builder, try builder.node(.binary(.mul), [y, gate])))
        let graph = try builder.graph.optimized(options: GraphOptions(channelsLast: false, integers: false))
        #expect(graph.convolutions.map(\.activation) == [.silu])
        #expect(graph.operators.filter { !$0.hasSuffix("Linear") } == ["convolution"])
        try expectEqualResults(try builder.graph.specialized(), graph)
    }

    /// The parameters of a batch normalization cannot be multiplied into integers.
    @Test func batchNormalizationsStayBehindIntegerWeights() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 4, 6, 8])
        let y = try convolution(&builder, x, [6, 4, 1, 1])
        let ones = try builder.constant(Array(repeating: Float(1.5), count: 6), [6])
        builder.output(
            try builder.node(.batchNormalization(BatchNormalization()), [y, ones, ones, ones, ones]))
        let graph = try builder.graph.optimized(options: GraphOptions(channelsLast: false, integers: false))
        #expect(graph.count("batchNormalization") == 1)
        #expect(graph.count("dequantizeLinear") == 2)
    }

    private func checkLast(
        transposes: Int, _ body: (inout GraphBuilder, ValueID) throws -> [ValueID]
    ) throws -> Graph {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [2, 4, 6, 8])
        for id in try body(&builder, x) { builder.output(id) }
        let graph = try builder.graph.specialized()
        let last = try builder.graph.optimized(options: GraphOptions(integers: false))
        try expectEqualResults(graph, last)
        #expect(last.count("transpose") == transposes, "\(last.operators)")
        try expectEqualResults(
            graph, try builder.graph.optimized(options: GraphOptions(channelsLastInput: true, integers: false)),
            inputsChannelsLast: true)
        return last
    }

    @Test func roundingStaysInsideChannelsLast() throws {
        let graph = try checkLast(transposes: 2) { builder, x in
            let y = try rounded(&builder, try convolution(&builder, x, [6, 4, 3, 3]))
            let z = try rounded(&builder, try convolution(&builder, y, [6, 6, 1, 1]))
            return [try builder.node(.binary(.add), [y, z])]
        }
        #expect(graph.count("dequantizeLinear") == 6)
    }

    @Test func scalesAlongAnAxisMoveWithIt() throws {
        let graph = try checkLast(transposes: 2) { builder, x in
            let y = try convolution(&builder, x, [3, 4, 1, 1])
            return [try rounded(&builder, y, axis: 1, scales: [0.01, 0.02, 0.03], zeroPoints: [100, 120, 140])]
        }
        #expect(graph.nodes.contains { $0.op == .quantizeLinear(axis: 3) })
    }

    /// As the constants themselves: no transpose is left, and the integers are kept.
    @Test(arguments: [([1, 4, 1, 1], 1), ([4, 1, 1], 0), ([1, 4, 6, 8], 1), ([4, 6, 8], 2), ([6, 1], 0)])
    func dequantizedConstantsChangeTheirOrder(_ shape: [Int], axis: Int) throws {
        let graph = try checkLast(transposes: 2) { builder, x in
            let y = try convolution(&builder, x, [4, 4, 1, 1])
            let factor = try weights(&builder, shape, axis: axis)
            return [try builder.node(.binary(.mul), [factor, try rounded(&builder, y)])]
        }
        #expect(graph.dequantizedConstants().count == 3)
    }
}
