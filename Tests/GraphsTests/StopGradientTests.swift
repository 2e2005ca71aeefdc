import Graphs
import Tensors
import Testing

@Suite struct StopGradientTests {
    private func graph() throws -> (graph: Graph, x: ValueID, loss: ValueID) {
        var builder = GraphBuilder(name: "stop")
        let x = builder.input("x", [3])
        let fixed = try builder.node(.stopGradient, [builder.node(.unary(.exp), [x])])
        let product = try builder.node(.binary(.mul), [x, fixed])
        let loss = try builder.node(.reduce(Reduce(.sum, axes: nil, keepsDimensions: false)), [product])
        builder.output(loss, name: "loss")
        return (try builder.graph.specialized(), x, loss)
    }

    /// x · constant has the constant as its gradient: nothing goes through the exponential.
    @Test func gradientsEndThere() throws {
        var (graph, x, loss) = try graph()
        let count = graph.nodes.count
        let gradient = try #require(try graph.gradients(of: loss, withRespectTo: [x])[0])
        try GraphSpec.check(graph, pass: "gradients")
        let added = graph.nodes[count...]
        #expect(added.allSatisfy { $0.op == .binary(.mul) || $0.op == .expand || $0.op == .reshape(allowsZero: true) })
        let stop = try #require(graph.nodes.first { $0.op == .stopGradient })
        #expect(added.first { $0.outputs == [gradient] }?.inputs.contains(stop.outputs[0]) ?? false)
    }

    @Test func itIsAnIdentity() throws {
        var (graph, _, _) = try graph()
        try graph.eliminateIdentities()
        try GraphSpec.check(graph, pass: "eliminateIdentities")
        #expect(!graph.nodes.contains { $0.op == .stopGradient })
        #expect(graph.nodes.count == 3)
    }
}
