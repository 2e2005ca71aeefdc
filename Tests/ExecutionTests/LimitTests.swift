import Execution
import Graphs
import Tensors
import Testing

/// What a few bytes of a model may ask for, and what a plan refuses.
@Suite struct LimitTests {
    private func reason(_ graph: Graph, keep: [String] = []) -> ExecutionError.Reason? {
        do {
            _ = try ExecutionPlan(graph, options: ExecutionOptions(keep: keep))
            return nil
        } catch { return error.reason }
    }

    @Test func memoryHasALimit() throws {
        var builder = GraphBuilder(name: "large")
        let x = builder.input("x", [1])
        let shape = try builder.integers([1 << 14, 1 << 14])
        var sum = x
        for index in 0..<5 {
            sum = try builder.node(.expand, [x, shape], name: "y\(index)")
            builder.output(sum)
        }
        let bytes = (5 << 30) + TensorBuffer.alignment
        #expect(reason(builder.graph) == .outOfMemory(bytes: bytes))
        #expect(ExecutionPlan.maximumArenaByteCount < bytes)
    }

    @Test func aTensorHasALimit() throws {
        var builder = GraphBuilder(name: "large")
        let x = builder.input("x", [1, 1])
        let repeats = try builder.integers([1 << 15, 1 << 14])
        builder.output(try builder.node(.tile, [x, repeats]))
        guard case .invalidGraph = reason(builder.graph) else {
            Issue.record("\(String(describing: reason(builder.graph)))")
            return
        }
    }

    /// Tables that are made with the plan are not as large as a tensor may be.
    @Test func tablesHaveALimit() throws {
        var tile = GraphBuilder(name: "tile")
        let x = tile.input("x", [1])
        let repeats = try tile.integers([1 << 21])
        tile.output(try tile.node(.tile, [x, repeats]))
        #expect(reason(tile.graph) == .unsupported("a table of \(1 << 21) indices"))

        var pad = GraphBuilder(name: "pad")
        let small = pad.input("x", [1])
        let pads = try pad.integers([0, (1 << 21) - 1])
        pad.output(try pad.node(.pad(.constant), [small, pads]))
        #expect(reason(pad.graph) == .unsupported("a table of \(1 << 21) indices"))

        var product = GraphBuilder(name: "product")
        let a = product.input("a", [1 << 11, 1, 1, 1])
        let b = product.input("b", [1, 1 << 10, 1, 1])
        product.output(try product.node(.matMul, [a, b]))
        #expect(reason(product.graph) == .unsupported("a table of \(1 << 21) indices"))
    }

    /// A constant that is made large stays an operation, whose memory the plan counts.
    @Test func foldingDoesNotGrowConstantsPastALimit() throws {
        var builder = GraphBuilder(name: "fold")
        let one = try builder.constant([1] as [Float], [1])
        let large = try builder.integers([1 << 28])
        builder.output(try builder.node(.expand, [one, large]))
        let plan = try ExecutionPlan(builder.graph)
        #expect(plan.operations.map(\.op) == ["expand"])
        #expect(plan.arenaByteCount == 1 << 30)
    }

    /// Above 2^24 the last index of an axis may be less than it is as a float.
    @Test(arguments: [Resize.Mode.nearest, .linear]) func resizesAxesThatAFloatCannotCount(_ mode: Resize.Mode) throws {
        let width = (1 << 24) + 4
        var builder = GraphBuilder(name: "wide")
        let x = builder.input("x", [1, 1, 1, width])
        let sizes = try builder.integers([1, 1, 1, 2])
        let resize = Resize(mode: mode, coordinates: .alignCorners)
        builder.output(try builder.node(.resize(resize), [x, nil, sizes]))
        let tensor = try Tensor(dtype: .float32, shape: Shape([1, 1, 1, width])) { bytes in
            bytes.storeBytes(of: 7, toByteOffset: (width - 1) * 4, as: Float.self)
        }
        let result = try Session(try ExecutionPlan(builder.graph)).run([tensor])[0]
        #expect(result.elements(as: Float.self) == [0, 7])
    }

    /// A value that is part of another kernel now is not in memory, and is not given as zeros.
    @Test func fusedTensorsCannotBeKept() throws {
        var builder = GraphBuilder(name: "fused")
        let x = builder.input("x", [1, 1, 4, 4])
        let w = try builder.constant([2] as [Float], [1, 1, 1, 1])
        let y = try builder.node(.convolution(Convolution()), [x, w, nil], name: "conv")
        builder.output(try builder.node(.unary(.relu), [y], name: "relu"))
        #expect(reason(builder.graph, keep: ["relu"]) == nil)
        #expect(reason(builder.graph, keep: ["x"]) == nil)
        #expect(reason(builder.graph, keep: ["conv"]) == .unknownTensor("conv"))
    }

    /// Windows that lie in the padding alone.
    @Test func imagesWithoutPixelsAreRefused() throws {
        var convolution = GraphBuilder(name: "convolution")
        let x = convolution.input("x", [1, 1, 0, 4])
        let w = try convolution.constant(Array(repeating: Float(1), count: 9), [1, 1, 3, 3])
        let window = Window(padding: Padding2D(2))
        convolution.output(try convolution.node(.convolution(Convolution(window: window)), [x, w, nil]))
        #expect(reason(convolution.graph) == .unsupported("an image without pixels"))

        var empty = GraphBuilder(name: "empty")
        let none = empty.input("x", [0, 1, 4, 4])
        let weights = try empty.constant(Array(repeating: Float(1), count: 9), [1, 1, 3, 3])
        empty.output(try empty.node(.convolution(Convolution(window: window)), [none, weights, nil]))
        #expect(
            try Session(try ExecutionPlan(empty.graph)).run([try Tensor([Float](), shape: [0, 1, 4, 4])])[0]
                .shape.dimensions == [0, 1, 6, 6])
    }
}
