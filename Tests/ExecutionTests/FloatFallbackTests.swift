import Execution
import Graphs
import Tensors
import Testing

/// Quantized operators whose integers no kernel takes compute with float numbers, and give what their roundings say.
@Suite struct FloatFallbackTests {
    private struct Builder {
        var graph = GraphBuilder(name: "fallback")

        mutating func quantized(_ x: ValueID, scale: Float, zeroPoint: UInt8) throws -> ValueID {
            let (scale, zero) = (try graph.constant([scale], []), try graph.constant([zeroPoint], []))
            let bytes = try graph.node(.quantizeLinear(axis: 0), [x, scale, zero])
            return try graph.node(.dequantizeLinear(axis: 0), [bytes, scale, zero])
        }

        mutating func input(_ name: String, _ shape: [Int], scale: Float, zeroPoint: UInt8) throws -> ValueID {
            try quantized(graph.input(name, shape), scale: scale, zeroPoint: zeroPoint)
        }

        /// A convolution with padding that keeps the size. The weights are ±`weight` steps, or anything between.
        mutating func convolution(
            _ x: ValueID, _ shape: [Int], scale: Float, weight: Int = 40, isExtreme: Bool = false
        ) throws -> ValueID {
            let values = (0..<shape.reduce(1, *)).map { index in
                let bits = (index &* 2_654_435_761) >> 13
                return Int8(isExtreme ? bits & 1 == 0 ? weight : -weight : weight - bits % (2 * weight + 1))
            }
            let weights = try graph.node(
                .dequantizeLinear(axis: 0), [graph.constant(values, shape), graph.constant([scale], [])])
            let bias = try graph.constant((0..<shape[0]).map { Float($0) / 8 - 0.2 }, [shape[0]])
            let window = Window(padding: Padding2D(shape[2] / 2))
            return try graph.node(.convolution(Convolution(window: window)), [x, weights, bias])
        }
    }

    private func inputs(of graph: Graph) throws -> [Tensor] {
        try graph.inputs.enumerated().map { place, id in
            let extents = (graph[id].declared ?? []).map { if case .fixed(let extent) = $0 { extent } else { 1 } }
            let count = extents.reduce(1, *)
            return try Tensor((0..<count).map { Float(($0 * (29 + place)) % 253) / 253 - 0.3 }, shape: extents)
        }
    }

    /// Runs a graph on integers and as float numbers with roundings. No element may be more than a step off, and `equal`
    /// per cent of them not at all. Returns the kernels of the integer plan.
    private func check(_ graph: Graph, step: Float, equal: Int = 98) throws -> [String] {
        let plan = try ExecutionPlan(graph)
        let found = try Session(plan, threads: 2).run(inputs(of: graph))
        let expected = try Session(ExecutionPlan(graph, options: ExecutionOptions(integers: false)))
            .run(inputs(of: graph))
        for (one, other) in zip(found, expected) {
            let reals = other.elements(as: Float.self)
            let steps = zip(one.elements(as: Float.self), reals).map { abs($0 - $1) / step }
            #expect(Set(reals).count > 3)
            #expect(steps.allSatisfy { $0 < 1.01 })
            #expect(steps.count { $0 < 0.01 } * 100 >= equal * steps.count)
        }
        return plan.operations.map(\.kernel)
    }

    @Test func aWindowThatIsTooLarge() throws {
        var b = Builder()
        let x = try b.input("x", [1, 4096, 6, 7], scale: 1 / 255, zeroPoint: 80)
        let addend = try b.input("r", [1, 3, 6, 7], scale: 0.01, zeroPoint: 70)
        let sums = try b.convolution(x, [3, 4096, 5, 5], scale: 0.0002)
        let sum = try b.graph.node(.binary(.add), [sums, addend])
        b.graph.output(try b.quantized(sum, scale: 0.02, zeroPoint: 128), name: "y")
        let kernels = try check(b.graph.graph, step: 0.02)
        #expect(kernels.contains { $0.hasPrefix("conv2d_f32") } && !kernels.contains { $0.hasPrefix("conv2d_u8") })
    }

    @Test func sumsThatAreTooLarge() throws {
        var b = Builder()
        let x = try b.input("x", [1, 70000, 3, 4], scale: 1 / 255, zeroPoint: 80)
        // 70000 · 255 · 127 is more than 2³¹, 70000 · 255 · 40 is not.
        let large = try b.convolution(x, [5, 70000, 1, 1], scale: 1e-5, weight: 127, isExtreme: true)
        b.graph.output(try b.quantized(large, scale: 0.01, zeroPoint: 128), name: "y")
        let small = try b.convolution(x, [5, 70000, 1, 1], scale: 2e-5)
        b.graph.output(try b.quantized(small, scale: 0.01, zeroPoint: 128), name: "z")
        let kernels = try check(b.graph.graph, step: 0.01)
        #expect(kernels.contains { $0.hasPrefix("conv2d_f32") } && kernels.contains { $0.hasPrefix("conv2d_u8") })
    }

    @Test func aProductThatIsTooDeep() throws {
        var b = Builder()
        let left = try b.input("a", [1, 3, 40000], scale: 1 / 255, zeroPoint: 80)
        let right = try b.input("b", [1, 40000, 4], scale: 1 / 255, zeroPoint: 80)
        let product = try b.graph.node(.matMul, [left, right])
        b.graph.output(try b.quantized(product, scale: 10, zeroPoint: 3), name: "y")
        let kernels = try check(b.graph.graph, step: 10)
        #expect(kernels.contains { $0.hasPrefix("gemm_f32") } && kernels.contains("quantize_u8"))
    }

    /// The integer kernel adds a residual whose step is less than twice the result's.
    @Test(arguments: [Float(0.5), 1.85, 1.95, 2.5, 40]) func aResidualOfAnyStep(ratio: Float) throws {
        var b = Builder()
        let x = try b.input("x", [1, 16, 6, 7], scale: 1 / 255, zeroPoint: 80)
        let addend = try b.quantized(
            b.convolution(x, [8, 16, 1, 1], scale: 0.002), scale: 0.01 * ratio, zeroPoint: 128)
        let sums = try b.graph.node(.unary(.silu), [b.convolution(x, [8, 16, 3, 3], scale: 0.002)])
        let sum = try b.graph.node(.binary(.add), [addend, sums])
        b.graph.output(try b.quantized(sum, scale: 0.01, zeroPoint: 60), name: "y")
        // The fused activation is a curve.
        let kernels = try check(b.graph.graph, step: 0.01, equal: 90)
        #expect(kernels.contains { $0.hasPrefix("conv2d_u8") })
        #expect(kernels.contains { $0.hasPrefix("elementwise") } == (ratio > 1.9))
    }
}
