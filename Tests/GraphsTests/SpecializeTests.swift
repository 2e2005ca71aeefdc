import Graphs
import Tensors
import Testing

@Suite struct SpecializeTests {
    private func graph() throws -> Graph {
        var builder = GraphBuilder(name: "test")
        let a = builder.input("a", [.symbolic("n"), .fixed(3)])
        let b = builder.input("b", [.symbolic("n"), .symbolic("")])
        builder.output(try builder.node(.concat(axis: -1), [a, b], name: "c"))
        return builder.graph
    }

    @Test func symbolsAreBound() throws {
        let graph = try graph().specialized(inputShapes: ["a": Shape([2, 3]), "b": Shape([2, 5])])
        #expect(graph.outputs.map { graph.shape(of: $0)?.dimensions } == [[2, 8]])
        #expect(graph.nodes.map(\.op) == [.concat(axis: 1)])
    }

    @Test func shapesThatDoNotFit() throws {
        let graph = try graph()
        let shapes: [[String: [Int]]] = [
            [:], ["a": [2, 3]], ["a": [2, 4], "b": [2, 1]], ["a": [2, 3], "b": [3, 1]],
            ["a": [2, 3, 1], "b": [2, 1]],
        ]
        for shapes in shapes {
            #expect(throws: GraphError.self) {
                try graph.specialized(inputShapes: shapes.mapValues { try Shape($0) })
            }
        }
        #expect(throws: GraphError(.unknownInput, pass: "specialized", value: "z")) {
            try graph.specialized(inputShapes: ["z": Shape([1])])
        }
        #expect(throws: GraphError(.unboundDimension(""), pass: "specialized", value: "b")) {
            try graph.specialized(inputShapes: ["a": Shape([2, 3])])
        }
    }

    @Test func oneSymbolIsEnough() throws {
        var builder = GraphBuilder(name: "test")
        let a = builder.input("a", [.symbolic("n"), .fixed(3)])
        let b = builder.input("b", [.symbolic("n"), .fixed(1)])
        builder.output(try builder.node(.binary(.add), [a, b]))
        let graph = try builder.graph.specialized(inputShapes: ["b": Shape([4, 1])])
        #expect(graph.shape(of: graph.outputs[0])?.dimensions == [4, 3])
    }

    @Test func theNormalForm() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 3, 7, 9])
        let window = Window(strides: Size2D(2), autoPadding: .sameUpper)
        let y = try builder.node(
            .convolution(Convolution(window: window)), [x, try builder.weights([4, 3, 4, 3])])
        let z = try builder.node(.transpose(permutation: nil), [y])
        let flat = try builder.node(.flatten(axis: -1), [z])
        builder.output(try builder.node(.reduce(Reduce(.sum, axes: nil)), [flat]))
        let graph = try builder.graph.specialized()
        try GraphSpec.check(graph, pass: "specialized")
        #expect(graph.operators == ["convolution", "transpose", "reshape", "reduce sum"])
        #expect(graph.convolutions[0].window.padding == Padding2D(top: 1, left: 1, bottom: 2, right: 1))
        #expect(graph.nodes[1].op == .transpose(permutation: [3, 2, 1, 0]))
        #expect(graph.nodes[3].op == .reduce(Reduce(.sum, axes: [0, 1])))
    }

    @Test func optimizedNamesThePass() throws {
        var builder = GraphBuilder(name: "test")
        _ = builder.input("x", [1])
        let graph = builder.graph
        #expect(throws: GraphError(.noOutputs, pass: "import")) { try graph.optimized() }
    }
}
