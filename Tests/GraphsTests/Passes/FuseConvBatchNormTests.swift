import Graphs
import Tensors
import Testing

@Suite struct FuseConvBatchNormTests {
    private func normalized(_ x: ValueID, _ builder: inout GraphBuilder) throws -> ValueID {
        let parameters = [
            try builder.weights([6], seed: 1), try builder.weights([6], seed: 2), try builder.weights([6], seed: 3),
            try builder.constant([Float(0.1), 1, 2, 3, 4, 5], [6]),
        ]
        return try builder.node(.batchNormalization(BatchNormalization(epsilon: 0.01)), [x] + parameters)
    }

    @Test(arguments: [true, false]) func aBatchNormalizationMovesIntoTheWeights(hasBias: Bool) throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 4, 5, 5])
        let weights = try builder.weights([6, 2, 3, 3])
        let bias = hasBias ? try builder.weights([6]) : nil
        let y = try builder.node(.convolution(Convolution(groups: 2)), [x, weights, bias])
        builder.output(try normalized(y, &builder), name: "y")
        let graph = try builder.graph.specialized()
        var fused = graph
        try fused.fuseConvBatchNorm()
        fused.eliminateDeadNodes()
        try GraphSpec.check(fused, pass: "fuseConvBatchNorm")
        #expect(fused.operators == ["convolution"])
        try expectEqualResults(graph, fused)
    }

    @Test func aResultThatOthersUseIsKept() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 4, 5, 5])
        let y = try builder.convolution(x, 4, 6)
        builder.output(try normalized(y, &builder))
        builder.output(y)
        var graph = try builder.graph.specialized()
        try graph.fuseConvBatchNorm()
        #expect(graph.operators == ["convolution", "batchNormalization"])
    }

    @Test func computedParametersAreKept() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 4, 5, 5])
        let scale = builder.input("scale", [6])
        let y = try builder.convolution(x, 4, 6)
        let other = try builder.weights([6])
        builder.output(
            try builder.node(.batchNormalization(BatchNormalization()), [y, scale, other, other, other]))
        var graph = try builder.graph.specialized()
        try graph.fuseConvBatchNorm()
        #expect(graph.count("batchNormalization") == 1)
    }
}
