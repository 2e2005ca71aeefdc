import Graphs
import Tensors
import Testing

/// Every sentence of the specification has a graph that breaks it.
@Suite struct GraphSpecTests {
    /// x → relu → y, specialized.
    private func graph() throws -> Graph {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [2, 3])
        let hidden = try builder.node(.unary(.relu), [x], name: "hidden")
        builder.output(try builder.node(.binary(.add), [hidden, try builder.weights([3])], name: "sum"))
        return try builder.graph.specialized()
    }

    private func expect(
        _ reason: GraphError.Reason, node: String? = nil, value: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout Graph) throws -> Void
    ) throws {
        var graph = try graph()
        try GraphSpec.check(graph, pass: "before")
        try change(&graph)
        #expect(
            throws: GraphError(reason, pass: "change", node: node, value: value), sourceLocation: sourceLocation
        ) { try GraphSpec.check(graph, pass: "change") }
    }

    @Test func eachValueIsMadeOnce() throws {
        try expect(.madeTwice, node: "again", value: "hidden") { graph in
            var again = graph.nodes[0]
            again.name = "again"
            graph.nodes.append(again)
        }
        try expect(.madeTwice, value: "x") { graph in graph.inputs.append(graph.inputs[0]) }
        try expect(.madeTwice, node: "hidden", value: "hidden") { graph in
            graph.setConstant(
                try Tensor([Float](repeating: 0, count: 6), shape: [2, 3]), for: graph.nodes[0].outputs[0])
        }
    }

    @Test func whatIsUsedHasBeenMade() throws {
        try expect(.notMade, node: "sum", value: "hidden") { graph in graph.nodes.swapAt(0, 1) }
        try expect(.notMade, node: "sum", value: "hidden") { graph in graph.nodes.removeFirst() }
        try expect(.notMade, value: "sum") { graph in graph.nodes.removeLast() }
        try expect(.unknownValue, node: "hidden") { graph in graph.nodes[0].inputs = [ValueID(index: 99)] }
        try expect(.unknownValue) { graph in graph.outputs = [ValueID(index: -1)] }
    }

    @Test func operatorsHaveTheirInputsAndTypes() throws {
        try expect(.wrongInputCount(1, expected: 2...2), node: "sum") { graph in graph.nodes[1].inputs.removeLast() }
        try expect(.missingInput(1), node: "sum") { graph in graph.nodes[1].inputs[1] = nil }
        try expect(.wrongDType(.bool, expected: [.float32]), node: "hidden", value: "hidden") { graph in
            graph[graph.nodes[0].outputs[0]].dtype = .bool
        }
        try expect(.wrongDType(.float32, expected: [.bool]), node: "hidden") { graph in
            graph.nodes[0].op = .unary(.not)
        }
        try expect(.wrongOutputCount(1, expected: 2...2), node: "sum") { graph in
            graph.nodes[1].op = .topK(axis: 0, largest: true)
        }
    }

    @Test func shapesAreWhatInferenceFinds() throws {
        try expect(.disagreement(recorded: "float32 6", inferred: "float32 2×3"), node: "hidden", value: "hidden") {
            graph in graph[graph.nodes[0].outputs[0]].shape = try Shape([6])
        }
        try expect(.notNormalized("no shape"), node: "hidden", value: "x") { graph in
            graph[graph.inputs[0]].shape = nil
        }
        try expect(.incompatibleShapes("2×3 and 4 do not broadcast"), node: "sum") { graph in
            graph.nodes[1].inputs[1] = graph.addConstant(
                try Tensor([Float](repeating: 1, count: 4), shape: [4]), name: "c")
        }
    }

    @Test func operatorsAreInNormalForm() throws {
        try expect(.notNormalized("attributes of softmax"), node: "hidden") { graph in
            graph.nodes[0].op = .softmax(axis: -1)
        }
        try expect(.notNormalized("squeeze is not lowered"), node: "hidden") { graph in
            graph.nodes[0].op = .squeeze(axes: [])
        }
    }

    @Test func namesTellApart() throws {
        try expect(.noName) { graph in graph[graph.inputs[0]].name = "" }
        try expect(.noName, node: "") { graph in graph.nodes[0].name = "" }
        try expect(.repeatedName, value: "x") { graph in
            let other = graph.addValue(Value(name: "x", dtype: .float32, shape: try Shape([1])))
            graph.inputs.append(other)
        }
        try expect(.repeatedName, value: "sum") { graph in graph.outputs.append(graph.outputs[0]) }
    }

    @Test func thereAreOutputs() throws {
        try expect(.noOutputs) { graph in graph.outputs = [] }
    }

    @Test func anImportedGraphNeedsNoShapes() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [.symbolic("n"), .fixed(3)])
        builder.output(try builder.node(.flatten(axis: -1), [x]))
        try GraphSpec.check(builder.graph, pass: "import", specialized: false)
        #expect(throws: GraphError.self) { try GraphSpec.check(builder.graph, pass: "import") }
    }
}
