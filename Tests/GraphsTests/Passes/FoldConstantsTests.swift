import Graphs
import Tensors
import Testing

@Suite struct FoldConstantsTests {
    @Test func shapeArithmeticFoldsWithoutAnEvaluator() throws {
        // [batch, -1] from the shape of x, as exporters write it.
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [.symbolic("batch"), .fixed(3), .fixed(4)])
        let shape = try builder.node(.shapeOf(start: 0, end: nil), [x])
        let batch = try builder.node(.gather(axis: 0), [shape, try builder.constant([Int64(0)], [])])
        let row = try builder.node(.unsqueeze(axes: [0]), [batch])
        let target = try builder.node(.concat(axis: 0), [row, try builder.integers([-1])])
        builder.output(try builder.node(.reshape(allowsZero: false), [x, target]))
        let graph = try builder.graph.specialized(inputShapes: ["x": Shape([5, 3, 4])])
        try GraphSpec.check(graph, pass: "specialized")
        #expect(graph.operators == ["reshape"])
        #expect(graph.shape(of: graph.outputs[0])?.dimensions == [5, 12])
    }

    @Test func theEvaluatorFoldsTheRest() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [3])
        let grid = try builder.node(.unary(.exp), [try builder.constant([Float(0), 1, 2], [3])])
        builder.output(try builder.node(.binary(.mul), [x, grid]))

        let unfolded = try builder.graph.specialized()
        #expect(unfolded.operators == ["exp", "mul"])
        let folded = try builder.graph.specialized { op, inputs, outputs in
            #expect(op == .unary(.exp))
            #expect(outputs.map(\.shape.dimensions) == [[3]])
            return [try Tensor([Float(1), 2, 3], shape: [3])]
        }
        #expect(folded.operators == ["mul"])
        var later = unfolded
        try later.foldConstants { _, _, _ in [try Tensor([Float(1), 2, 3], shape: [3])] }
        #expect(later.operators == ["mul"])
    }

    @Test func aWrongOrFailingEvaluatorIsAnError() throws {
        struct Failure: Error {}
        var builder = GraphBuilder(name: "test")
        builder.output(try builder.node(.unary(.exp), [try builder.weights([3])], name: "e"))
        let graph = builder.graph
        #expect(throws: GraphError.self) {
            try graph.specialized { _, _, _ in [try Tensor([Float(1)], shape: [1])] }
        }
        #expect(throws: GraphError(.evaluationFailed("Failure()"), pass: "specialized", node: "e", value: "e")) {
            try graph.specialized { _, _, _ in throw Failure() }
        }
    }

    @Test(arguments: [
        (BinaryFunction.add, [7, -7, 3], [2, 2, -2], [9, -5, 1]), (.sub, [7], [9], [-2]), (.mul, [7], [-3], [-21]),
        (.div, [7, -7], [2, 2], [3, -3]), (.mod, [7, -7, 7, -7], [3, 3, -3, -3], [1, 2, -2, -1]),
        (.fmod, [7, -7], [3, 3], [1, -1]), (.min, [1, 5], [2, 4], [1, 4]), (.max, [1, 5], [2, 4], [2, 5]),
    ]) func integers(_ function: BinaryFunction, _ a: [Int], _ b: [Int], _ expected: [Int]) throws {
        var builder = GraphBuilder(name: "test")
        let y = try builder.node(.binary(function), [try builder.integers(a), try builder.integers(b)])
        builder.output(y)
        let graph = try builder.graph.specialized()
        #expect(graph.integers(y) == expected)
        #expect(graph.nodes.isEmpty)
    }

    @Test(arguments: [
        (BinaryFunction.div, Int.max, 0), (.mod, 1, 0), (.fmod, 1, 0), (.div, Int.min, -1), (.add, Int.max, 1),
        (.mul, Int.max, 2), (.sub, Int.min, 1), (.mod, Int.min, -1),
    ]) func integersOutOfRange(_ function: BinaryFunction, _ a: Int, _ b: Int) throws {
        var builder = GraphBuilder(name: "test")
        builder.output(try builder.node(.binary(function), [try builder.integers([a]), try builder.integers([b])]))
        let graph = builder.graph
        #expect(throws: GraphError.self) { try graph.specialized() }
    }
}
