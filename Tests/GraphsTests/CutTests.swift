import Graphs
import Tensors
import Testing

/// A detector's graph parts at its feature maps, and the parts compute together what the whole does.
@Suite struct CutTests {
    /// Two levels of boxes in `bins` bins and of classes, joined as YOLOv8 does it.
    private func detector(weights: [Float] = (0..<4).map { Float($0) }) throws -> Graph {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 3, 8, 12])
        let fine = try builder.node(.unary(.relu), [builder.convolution(x, 3, 4, stride: 2)])
        let coarse = try builder.node(.unary(.relu), [builder.convolution(fine, 4, 4, stride: 2)])
        var parts = [ValueID]()
        for feature in [fine, coarse] {
            let boxes = try builder.convolution(feature, 4, 16, side: 1)
            let classes = try builder.convolution(feature, 4, 2, side: 1)
            let joined = try builder.node(.concat(axis: 1), [boxes, classes])
            parts.append(
                try builder.node(.reshape(allowsZero: false), [joined, builder.integers([1, 18, -1])]))
        }
        let all = try builder.node(.concat(axis: 2), parts)
        let split = try builder.nodes(.split(axis: 1), [all, builder.integers([16, 2])], outputCount: 2)
        var boxes = try builder.node(.reshape(allowsZero: false), [split[0], builder.integers([1, 4, 4, -1])])
        boxes = try builder.node(.transpose(permutation: [0, 2, 1, 3]), [boxes])
        boxes = try builder.node(.softmax(axis: 1), [boxes])
        let bins = try builder.constant(weights, [1, 4, 1, 1])
        boxes = try builder.node(.convolution(Convolution()), [boxes, bins, nil], name: "expectation")
        boxes = try builder.node(.reshape(allowsZero: false), [boxes, builder.integers([1, 4, -1])])
        let scores = try builder.node(.unary(.sigmoid), [split[1]])
        builder.output(try builder.node(.concat(axis: 1), [boxes, scores]))
        return try builder.graph.specialized()
    }

    @Test func theMapsAreTheLastConvolutionsBehindTheTail() throws {
        let graph = try detector()
        let maps = try #require(graph.featureMaps())
        #expect(
            maps.map { graph.shape(of: $0)?.dimensions } == [
                [1, 16, 4, 6], [1, 2, 4, 6], [1, 16, 2, 3], [1, 2, 2, 3],
            ])
    }

    @Test func aConvolutionThatIsNoExpectationOverBinsIsAFeatureMap() throws {
        let graph = try detector(weights: [0, 1, 2, 3.5])
        let maps = try #require(graph.featureMaps())
        #expect(maps.contains { graph[$0].name == "expectation" })
    }

    @Test func theImageItselfIsNoFeatureMap() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 3, 8, 12])
        builder.output(try builder.node(.unary(.sigmoid), [x]))
        #expect(try builder.graph.specialized().featureMaps() == nil)
    }

    @Test(arguments: [false, true]) func bothPartsTogetherAreTheWhole(channelsLast: Bool) throws {
        let graph = try detector()
        let maps = try #require(graph.featureMaps())
        let body = try graph.upTo(maps, channelsLast: channelsLast)
        let tail = try graph.from(maps)
        try GraphSpec.check(body, pass: "upTo")
        #expect(body.count("sigmoid") == 0 && body.count("convolution") == 6)
        #expect(tail.count("convolution") == 1 && tail.inputs == maps)
        #expect(body.nodes.count + tail.nodes.count == graph.nodes.count + (channelsLast ? maps.count : 0))

        let input = NaiveInterpreter.Numbers.pseudorandom([1, 3, 8, 12])
        let expected = try NaiveInterpreter.run(graph, [input])
        var between = try NaiveInterpreter.run(body, [input])
        if channelsLast { between = between.map { $0.transposed([0, 3, 1, 2]) } }
        let actual = try NaiveInterpreter.run(tail, between)
        #expect(actual.map(\.values) == expected.map(\.values))
    }

    @Test func aTailThatNeedsMoreThanTheMapsIsRefused() throws {
        let graph = try detector()
        let maps = try #require(graph.featureMaps())
        #expect(throws: GraphError.self) { try graph.from(Array(maps.dropLast())) }
    }
}
