import Graphs
import Tensors
import Testing

@Suite struct EliminateDeadNodesTests {
    @Test func whatNoOutputNeedsGoes() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [2, 3])
        let y = try builder.node(.unary(.relu), [x])
        let unused = try builder.node(.binary(.add), [y, try builder.weights([3])])
        _ = try builder.node(.unary(.neg), [unused])
        builder.output(try builder.node(.unary(.sigmoid), [y]))
        var graph = try builder.graph.specialized()
        graph.eliminateDeadNodes()
        try GraphSpec.check(graph, pass: "eliminateDeadNodes")
        #expect(graph.operators == ["relu", "sigmoid"])
        #expect(graph.constants.isEmpty)
        #expect(graph.inputs == [x])
    }

    @Test func aNodeStaysForOneOfItsOutputs() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [2, 4])
        let parts = try builder.nodes(.split(axis: 1), [x], outputCount: 2)
        builder.output(parts[1])
        var graph = try builder.graph.specialized()
        graph.eliminateDeadNodes()
        #expect(graph.operators == ["split"])
    }
}

@Suite struct EliminateIdentitiesTests {
    private func eliminated(_ body: (inout GraphBuilder, ValueID) throws -> ValueID) throws -> Graph {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [2, 3, 4])
        let start = try builder.node(.unary(.relu), [x])
        builder.output(try body(&builder, start), name: "y")
        let graph = try builder.graph.specialized()
        var result = graph
        try result.eliminateIdentities()
        result.eliminateDeadNodes()
        try GraphSpec.check(result, pass: "eliminateIdentities")
        try expectEqualResults(graph, result)
        return result
    }

    @Test func nodesThatChangeNothingGo() throws {
        let graph = try eliminated { builder, x in
            var y = try builder.node(.identity, [x])
            y = try builder.node(.cast(to: .float32), [y])
            y = try builder.node(.reshape(allowsZero: false), [y, try builder.integers([2, -1, 4])])
            y = try builder.node(.slice, [y, try builder.integers([0]), try builder.integers([99])])
            y = try builder.node(.transpose(permutation: [0, 1, 2]), [y])
            y = try builder.node(.concat(axis: 1), [y])
            y = try builder.node(.tile, [y, try builder.integers([1, 1, 1])])
            y = try builder.node(.pad(.constant), [y, try builder.integers([0, 0, 0, 0, 0, 0])])
            return try builder.node(.clip, [y])
        }
        #expect(graph.operators == ["relu"])
        #expect(graph.outputs.map { graph[$0].name } == ["y"])
    }

    @Test func movementsJoin() throws {
        let graph = try eliminated { builder, x in
            var y = try builder.node(.transpose(permutation: [1, 2, 0]), [x])
            y = try builder.node(.transpose(permutation: [0, 2, 1]), [y])
            y = try builder.node(.reshape(allowsZero: false), [y, try builder.integers([24])])
            return try builder.node(.reshape(allowsZero: false), [y, try builder.integers([4, 6])])
        }
        #expect(graph.operators == ["relu", "transpose", "reshape"])
    }

    @Test func oppositeTransposesCancel() throws {
        let graph = try eliminated { builder, x in
            let y = try builder.node(.transpose(permutation: [2, 0, 1]), [x])
            return try builder.node(.transpose(permutation: [1, 2, 0]), [y])
        }
        #expect(graph.operators == ["relu"])
    }

    @Test func reversingIsNotAnIdentity() throws {
        let graph = try eliminated { builder, x in
            try builder.node(
                .slice,
                [
                    x, try builder.integers([-1]), try builder.integers([-99]), try builder.integers([2]),
                    try builder.integers([-1]),
                ])
        }
        #expect(graph.operators == ["relu", "slice"])
    }

    @Test func anOutputKeepsItsNameAndItsPlace() throws {
        // The input itself is an output under another name, and one value is two outputs.
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [2])
        builder.output(try builder.node(.identity, [x]), name: "same")
        let y = try builder.node(.unary(.relu), [x])
        builder.output(y, name: "y")
        builder.output(try builder.node(.identity, [y]), name: "again")
        let graph = try builder.graph.specialized()
        var result = graph
        try result.eliminateIdentities()
        try GraphSpec.check(result, pass: "eliminateIdentities")
        try expectEqualResults(graph, result)
        #expect(result.operators == ["identity", "relu", "identity"])
    }
}
