import Graphs
import Tensors
import Testing

/// The rewrite to channels last changes no number and leaves transposes only where the two orders meet.
@Suite struct ChannelsLastTests {
    private func rewritten(_ graph: Graph, inputs: Bool = false) throws -> Graph {
        var graph = graph
        try graph.channelsLast(inputs: inputs)
        try GraphSpec.check(graph, pass: "channelsLast")
        try graph.eliminateIdentities()
        graph.eliminateDeadNodes()
        try GraphSpec.check(graph, pass: "eliminateIdentities")
        return graph
    }

    private func check(
        transposes: Int, _ inputs: [[Int]] = [[2, 4, 6, 8]], _ body: (inout GraphBuilder, [ValueID]) throws -> [ValueID]
    ) throws {
        var builder = GraphBuilder(name: "test")
        var ids = [ValueID]()
        for (index, shape) in inputs.enumerated() { ids.append(builder.input("x\(index)", shape)) }
        for id in try body(&builder, ids) { builder.output(id) }
        let graph = try builder.graph.specialized()
        let result = try rewritten(graph)
        try expectEqualResults(graph, result)
        #expect(result.count("transpose") == transposes, "\(result.operators)")
        let last = try rewritten(graph, inputs: true)
        try expectEqualResults(graph, last, inputsChannelsLast: true)
        #expect(last.convolutions.allSatisfy { $0.dataFormat == .channelsLast })
        // Only what is between the input and the first operator may differ.
        #expect(last.count("transpose") < max(result.count("transpose"), 1))
    }

    @Test func convolutionsInARowNeedOneTransposeOnEachSide() throws {
        try check(transposes: 2) { builder, x in
            let a = try builder.convolution(x[0], 4, 6, stride: 2)
            return [try builder.convolution(a, 6, 6, side: 1)]
        }
    }

    @Test func depthwiseConvolution() throws {
        try check(transposes: 2) { builder, x in [try builder.convolution(x[0], 4, 8, groups: 4)] }
    }

    @Test func residualsAndActivationsStayInside() throws {
        try check(transposes: 2) { builder, x in
            let a = try builder.convolution(x[0], 4, 4)
            let gate = try builder.node(.unary(.sigmoid), [a])
            let b = try builder.node(.binary(.mul), [a, gate])
            let c = try builder.convolution(b, 4, 4)
            return [try builder.node(.binary(.add), [b, c])]
        }
    }

    @Test func concatSplitPoolAndResizeStayInside() throws {
        try check(transposes: 2) { builder, x in
            let a = try builder.convolution(x[0], 4, 6)
            let sizes = try builder.integers([2, 4])
            let parts = try builder.nodes(.split(axis: 1), [a, sizes], outputCount: 2)
            let window = Window(padding: Padding2D(1))
            let pooled = try builder.node(.maxPool(Pool(kernel: Size2D(3), window: window)), [parts[1]])
            let joined = try builder.node(.concat(axis: 1), [parts[0], pooled, parts[1]])
            let half = Pool(kernel: Size2D(2), window: Window(strides: Size2D(2)))
            let small = try builder.node(.averagePool(half, countsPadding: false), [joined])
            let scales = try builder.constant([Float(1), 1, 2, 2], [4])
            let resize = Resize(mode: .nearest, coordinates: .asymmetric)
            let large = try builder.node(.resize(resize), [small, scales])
            return [try builder.node(.concat(axis: 1), [large, joined])]
        }
    }

    @Test func constantsAreBroadcastInTheNewOrder() throws {
        try check(transposes: 2) { builder, x in
            var a = try builder.convolution(x[0], 4, 5)
            for shape in [[5, 1, 1], [8], [6, 1], [], [1, 5, 6, 8], [1, 1, 6, 8]] {
                a = try builder.node(.binary(.add), [a, try builder.weights(shape)])
            }
            let limit = try builder.constant([Float(0.5)], [1])
            let positive = try builder.node(.binary(.greater), [a, limit])
            return [try builder.node(.where, [positive, a, try builder.weights([5, 1, 1])])]
        }
    }

    @Test func axesAreRemapped() throws {
        try check(transposes: 2) { builder, x in
            var a = try builder.convolution(x[0], 4, 5)
            a = try builder.node(.softmax(axis: 1), [a])
            a = try builder.node(.softmax(axis: 3), [a])
            a = try builder.node(
                .slice,
                [
                    a, try builder.integers([1, 5, 1]), try builder.integers([99, 0, 7]),
                    try builder.integers([1, 2, -1]),
                    try builder.integers([1, -2, 3]),
                ])
            a = try builder.node(.gather(axis: 1), [a, try builder.integers([3, 0, 2])])
            a = try builder.node(.pad(.constant), [a, try builder.integers([0, 0, 1, 2, 0, 1, 0, 3])])
            a = try builder.node(.tile, [a, try builder.integers([1, 2, 1, 3])])
            a = try builder.node(.slice, [a, try builder.integers([0, 1]), try builder.integers([2, 3])])
            let mean = try builder.node(.reduce(Reduce(.mean, axes: [1, 3])), [a])
            return [try builder.node(.binary(.sub), [a, mean])]
        }
    }

    @Test func reductionsThatDropAxes() throws {
        try check(transposes: 2) { builder, x in
            let a = try builder.convolution(x[0], 4, 5)
            return [
                // Without channels, or without an image, the rest is in the written order by itself.
                try builder.node(.reduce(Reduce(.max, axes: [1], keepsDimensions: false)), [a]),
                try builder.node(.reduce(Reduce(.sum, axes: [2, 3], keepsDimensions: false)), [a]),
                try builder.node(.argMax(axis: 1, keepsDimension: false), [a]),
                // Without rows it is not.
                try builder.node(.reduce(Reduce(.min, axes: [2], keepsDimensions: false)), [a]),
            ]
        }
    }

    @Test func aGateOfOnePixelNeedsNoTranspose() throws {
        try check(transposes: 2) { builder, x in
            let a = try builder.convolution(x[0], 4, 6)
            let pooled = try builder.node(.globalAveragePool(.channelsFirst), [a])
            let flat = try builder.node(.reshape(allowsZero: false), [pooled, try builder.integers([2, 6, 1, 1])])
            let gate = try builder.node(.unary(.sigmoid), [try builder.convolution(flat, 6, 6, side: 1)])
            return [try builder.node(.binary(.mul), [a, gate])]
        }
    }

    @Test func writtenTransposesJoin() throws {
        // N×C×H×W to N×H×W×C in the model itself: nothing is left to do behind the convolution.
        try check(transposes: 1) { builder, x in
            let a = try builder.convolution(x[0], 4, 6)
            return [try builder.node(.transpose(permutation: [0, 2, 3, 1]), [a])]
        }
        try check(transposes: 2) { builder, x in
            let a = try builder.convolution(x[0], 4, 6)
            return [try builder.node(.transpose(permutation: [3, 1, 0, 2]), [a])]
        }
    }

    @Test func headsReshapeInTheWrittenOrder() throws {
        try check(transposes: 3) { builder, x in
            let a = try builder.convolution(x[0], 4, 6)
            let head = try builder.node(.reshape(allowsZero: false), [a, try builder.integers([2, 3, 2, 6, 8])])
            let b = try builder.convolution(a, 6, 4)
            return [head, try builder.node(.reshape(allowsZero: false), [b, try builder.integers([2, 4, -1])])]
        }
    }

    @Test func aTransposeBehindAHeadsReshapeJoins() throws {
        try check(transposes: 2) { builder, x in
            let a = try builder.convolution(x[0], 4, 6)
            let head = try builder.node(.reshape(allowsZero: false), [a, try builder.integers([2, 3, 2, 6, 8])])
            return [try builder.node(.transpose(permutation: [0, 1, 3, 4, 2]), [head])]
        }
        try check(transposes: 1) { builder, x in
            let a = try builder.convolution(x[0], 4, 6)
            let rows = try builder.node(.reshape(allowsZero: false), [a, try builder.integers([2, 6, -1])])
            return [try builder.node(.transpose(permutation: [0, 2, 1]), [rows])]
        }
    }

    @Test func reshapesThatMixChannelsAndPixels() throws {
        try check(transposes: 2) { builder, x in
            let a = try builder.convolution(x[0], 4, 6)
            return [try builder.node(.reshape(allowsZero: false), [a, try builder.integers([2, 4, 9, 8])])]
        }
        try check(transposes: 2) { builder, x in
            let a = try builder.convolution(x[0], 4, 6)
            return [try builder.node(.reshape(allowsZero: false), [a, try builder.integers([2, 1, 6, 1, 48])])]
        }
        // The batch joins the channels.
        try check(transposes: 2) { builder, x in
            let a = try builder.convolution(x[0], 4, 6)
            return [try builder.node(.reshape(allowsZero: false), [a, try builder.integers([12, 48])])]
        }
    }

    @Test func tensorsOfOtherRanksAreLeftAlone() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [2, 4, 6])
        builder.output(try builder.node(.softmax(axis: 1), [x]))
        let graph = try builder.graph.specialized()
        let result = try rewritten(graph, inputs: true)
        #expect(result.operators == ["softmax"])
        #expect(result.shape(of: result.inputs[0])?.dimensions == [2, 4, 6])
    }

    @Test func batchNormalizationFollowsItsImage() throws {
        try check(transposes: 2) { builder, x in
            let pool = Pool(kernel: Size2D(2))
            let a = try builder.node(.maxPool(pool), [x[0]])
            let variance = try builder.constant([Float(1), 2, 3, 4], [4])
            return [
                try builder.node(
                    .batchNormalization(BatchNormalization(epsilon: 0.1)),
                    [
                        a, try builder.weights([4]), try builder.weights([4], seed: 3), try builder.weights([4]),
                        variance,
                    ])
            ]
        }
    }

    @Test func mixedOrdersMeet() throws {
        // A second input in the written order joins what is channels last.
        try check(transposes: 3, [[2, 4, 6, 8], [2, 4, 6, 8]]) { builder, x in
            let a = try builder.convolution(x[0], 4, 4)
            return [try builder.node(.binary(.add), [x[1], a])]
        }
    }
}
