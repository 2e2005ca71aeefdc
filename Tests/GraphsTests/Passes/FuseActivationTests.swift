import Graphs
import Tensors
import Testing

@Suite struct FuseActivationTests {
    private func fused(
        _ body: (inout GraphBuilder, ValueID) throws -> ValueID
    ) throws -> Graph {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 3, 5, 5])
        let y = try builder.convolution(x, 3, 4)
        builder.output(try body(&builder, y), name: "y")
        let graph = try builder.graph.specialized()
        var result = graph
        result.fuseActivation()
        result.eliminateDeadNodes()
        try GraphSpec.check(result, pass: "fuseActivation")
        try expectEqualResults(graph, result)
        return result
    }

    @Test(arguments: [true, false]) func sigmoidTimesItsArgumentIsSiLU(sigmoidFirst: Bool) throws {
        let graph = try fused { builder, y in
            let gate = try builder.node(.unary(.sigmoid), [y])
            return try builder.node(.binary(.mul), sigmoidFirst ? [gate, y] : [y, gate])
        }
        #expect(graph.operators == ["convolution"])
        #expect(graph.convolutions.map(\.activation) == [.silu])
    }

    @Test func hardSigmoidTimesItsArgumentIsHardSwish() throws {
        let graph = try fused { builder, y in
            let gate = try builder.node(.unary(.hardSigmoid(slope: 1 / 6, offset: 0.5)), [y])
            return try builder.node(.binary(.mul), [y, gate])
        }
        #expect(graph.convolutions.map(\.activation) == [.hardSwish])
    }

    @Test func clipsBecomeEpilogues() throws {
        let six = try fused { builder, y in
            try builder.node(.clip, [y, try builder.constant([Float(0)], []), try builder.constant([Float(6)], [])])
        }
        #expect(six.convolutions.map(\.activation) == [.clip(minimum: 0, maximum: 6)])
        let relu = try fused { builder, y in try builder.node(.clip, [y, try builder.constant([Float(0)], [])]) }
        #expect(relu.convolutions.map(\.activation) == [.relu])
    }

    @Test func onlyTheFirstActivationIsTaken() throws {
        let graph = try fused { builder, y in
            try builder.node(.unary(.sigmoid), [try builder.node(.unary(.relu), [y])])
        }
        #expect(graph.operators == ["convolution", "sigmoid"])
        #expect(graph.convolutions.map(\.activation) == [.relu])
    }

    @Test func anotherGateIsNotSiLU() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 3, 5, 5])
        let a = try builder.convolution(x, 3, 4)
        let b = try builder.convolution(x, 3, 4)
        builder.output(try builder.node(.binary(.mul), [a, try builder.node(.unary(.sigmoid), [b])]))
        let graph = try builder.graph.specialized()
        var result = graph
        result.fuseActivation()
        try GraphSpec.check(result, pass: "fuseActivation")
        try expectEqualResults(graph, result)
        #expect(result.convolutions.map(\.activation) == [.none, .sigmoid])
        #expect(result.count("mul") == 1)
    }

    @Test func aConvolutionThatIsAnOutputStays() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 3, 5, 5])
        let y = try builder.convolution(x, 3, 4)
        builder.output(try builder.node(.unary(.relu), [y]))
        builder.output(y)
        var graph = try builder.graph.specialized()
        graph.fuseActivation()
        #expect(graph.operators == ["convolution", "relu"])
    }

    @Test func computedBoundsStay() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 3, 5, 5])
        let bound = builder.input("bound", [Int]())
        let y = try builder.convolution(x, 3, 4)
        builder.output(try builder.node(.clip, [y, bound]))
        var graph = try builder.graph.specialized()
        graph.fuseActivation()
        #expect(graph.operators == ["convolution", "clip"])
    }
}
