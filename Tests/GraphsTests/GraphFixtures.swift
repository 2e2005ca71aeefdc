import Graphs
import Tensors
import Testing

/// Short forms for building the graphs of the tests.
extension GraphBuilder {
    mutating func weights(_ shape: [Int], seed: UInt64 = 7) throws -> ValueID {
        try constant(NaiveInterpreter.Numbers.pseudorandom(shape, seed: seed).floats, shape)
    }

    /// A padded 3×3 or unpadded 1×1 convolution with a bias.
    mutating func convolution(
        _ x: ValueID, _ inputs: Int, _ outputs: Int, side: Int = 3, stride: Int = 1, groups: Int = 1
    ) throws -> ValueID {
        let seed = UInt64(graph.nodes.count + 11)
        let weights = try weights([outputs, inputs / groups, side, side], seed: seed)
        let bias = try self.weights([outputs], seed: seed + 1)
        let window = Window(strides: Size2D(stride), padding: Padding2D(side / 2))
        return try node(.convolution(Convolution(window: window, groups: groups)), [x, weights, bias])
    }
}

extension Graph {
    /// The number of nodes with an operator of this name.
    func count(_ name: String) -> Int { nodes.filter { $0.op.name == name }.count }

    var operators: [String] { nodes.map(\.op.name) }

    var convolutions: [Convolution] {
        nodes.compactMap { node in
            if case .convolution(let convolution) = node.op { return convolution }
            return nil
        }
    }
}

/// Both graphs give the same numbers for pseudorandom inputs of the first one's shapes.
func expectEqualResults(
    _ original: Graph, _ rewritten: Graph, inputsChannelsLast: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let inputs = original.inputs.map {
        NaiveInterpreter.Numbers.pseudorandom(original.shape(of: $0)?.dimensions ?? [])
    }
    let expected = try NaiveInterpreter.run(original, inputs)
    let changed = inputsChannelsLast ? inputs.map { $0.shape.count == 4 ? $0.transposed([0, 2, 3, 1]) : $0 } : inputs
    let actual = try NaiveInterpreter.run(rewritten, changed)
    #expect(expected.count == original.outputs.count, sourceLocation: sourceLocation)
    #expect(expected.map(\.shape) == actual.map(\.shape), sourceLocation: sourceLocation)
    #expect(
        original.outputs.map { original[$0].name } == rewritten.outputs.map { rewritten[$0].name },
        sourceLocation: sourceLocation)
    for (want, have) in zip(expected, actual) {
        let worst = zip(want.values, have.values).map { abs($0 - $1) }.max() ?? 0
        // Written so that a NaN fails too.
        #expect(worst < 1e-4, sourceLocation: sourceLocation)
    }
}

/// Runs `body` and expects a `GraphError` with this reason.
func expectReason(
    _ reason: GraphError.Reason, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("no error was thrown", sourceLocation: sourceLocation)
    } catch let error as GraphError {
        #expect(error.reason == reason, sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}
