import Execution
import Graphs
import Models
import Tensors
import Testing

/// What models compute.
@Suite struct RunTests {
    @Test(arguments: ModelCase.all) func modelsRun(_ model: ModelCase) throws {
        let graph = try model.make()
        let inputs = try randomInputs(graph, model.inputs)
        let result = try run(graph, inputs)[0]
        #expect(result.shape.dimensions == model.output)
        let elements = floats(result)
        #expect(elements.allSatisfy { $0.isFinite })
        #expect(Set(elements).count > 1)
        #expect(try floats(run(graph, inputs, threads: 3)[0]) == elements)
    }

    /// A small step down the gradient of a loss makes it less by the gradient's square, for every model.
    @Test(arguments: ModelCase.all) func gradientsLeadDown(_ model: ModelCase) throws {
        let original = try model.make()
        var inputs = try randomInputs(original, model.inputs)
        inputs["seed"] = try Tensor([Int64(5)], shape: [1])
        var builder = GraphBuilder(original.withInputs(for: original.parameters))
        let seed = builder.input("seed", dtype: .int64, [1])
        let loss = try builder.mean(builder.square(original.outputs[0]))
        var graph = try builder.graph.specialized(
            inputShapes: inputs.mapValues(\.shape), evaluate: evaluateConstants)
        _ = try graph.takeTrainingForm(seed: seed)
        let gradients = try graph.gradients(of: loss, withRespectTo: original.parameters)
        graph.outputs = []
        graph.addOutput(copying: loss, name: "loss")
        for (id, gradient) in zip(original.parameters, gradients) {
            graph.addOutput(copying: try #require(gradient), name: "gradient of \(original[id].name)")
        }
        for id in original.parameters { inputs[original[id].name] = original.constants[id] }
        let results = try run(graph, inputs, threads: 2)
        let slopes = results.dropFirst().map { floats($0) }
        let length = slopes.joined().reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(length.isFinite && length > 0)

        let before = try #require(floats(results[0]).first)
        // As far as the loss would fall by this part of it on a straight way: far above rounding, near enough to be straight.
        let part: Float = 2e-4
        let rate = Float(Double(part) * Double(before) / length)
        for (id, slope) in zip(original.parameters, slopes) {
            let tensor = try #require(original.constants[id])
            let moved = zip(floats(tensor), slope).map { $0 - rate * $1 }
            inputs[original[id].name] = try Tensor(moved, shape: tensor.shape.dimensions)
        }
        let after = try #require(floats(run(graph, inputs)[0]).first)
        let fall = (before - after) / before
        #expect(abs(fall - part) < 0.2 * part, "\(before) became \(after)")
    }

    /// Tokens past a sequence's length change nothing, and those before it do.
    @Test(arguments: ["Transformer", "LSTM"]) func paddingDoesNotCount(_ name: String) throws {
        let model = try #require(ModelCase.all.first { $0.name == name })
        let graph = try model.make()
        var inputs = try randomInputs(graph, model.inputs)
        let lengths = try #require(inputs["lengths"]?.integers)
        var tokens = try #require(inputs["tokens"]).elements(as: Int64.self)
        let wanted = try floats(run(graph, inputs)[0])
        let shape = try #require(model.inputs["tokens"])
        for (sequence, length) in lengths.enumerated() {
            for place in length..<shape[1] { tokens[sequence * shape[1] + place] += 1 }
        }
        inputs["tokens"] = try Tensor(tokens, shape: shape)
        #expect(try floats(run(graph, inputs)[0]) == wanted)
        tokens[0] += 1
        inputs["tokens"] = try Tensor(tokens, shape: shape)
        #expect(try floats(run(graph, inputs)[0]) != wanted)
    }

    /// A sequence gives the same beside longer ones as alone.
    @Test(arguments: ["Transformer", "LSTM"]) func batchesDoNotMix(_ name: String) throws {
        let model = try #require(ModelCase.all.first { $0.name == name })
        let graph = try model.make()
        let inputs = try randomInputs(graph, model.inputs)
        let together = try floats(run(graph, inputs)[0])
        let (classes, length) = (model.output[1], try #require(inputs["lengths"]?.integers)[1])
        let row = try #require(model.inputs["tokens"])[1]
        let tokens = try #require(inputs["tokens"]).elements(as: Int64.self)
        let alone = try floats(
            run(
                graph,
                [
                    "tokens": Tensor(Array(tokens[row..<row + length]), shape: [1, length]),
                    "lengths": Tensor([Int64(length)], shape: [1]),
                ])[0])
        for (a, b) in zip(alone, together[classes..<2 * classes]) { #expect(abs(a - b) < 1e-5) }
    }

    /// A decoder's results do not depend on the tokens behind them.
    @Test func decodersDoNotLookAhead() throws {
        let model = try #require(ModelCase.all.first { $0.name == "SequenceToSequence" })
        let graph = try model.make()
        var inputs = try randomInputs(graph, model.inputs)
        let before = try floats(run(graph, inputs)[0])
        var target = try #require(inputs["target"]).elements(as: Int64.self)
        target[3] += 1
        inputs["target"] = try Tensor(target, shape: [2, 5])
        let after = try floats(run(graph, inputs)[0])
        let vocabulary = 25
        #expect(before[..<(3 * vocabulary)] == after[..<(3 * vocabulary)])
        for place in 3..<5 {
            let range = place * vocabulary..<(place + 1) * vocabulary
            #expect(before[range] != after[range])
        }
        #expect(before[(5 * vocabulary)...] == after[(5 * vocabulary)...])
    }

    @Test func placesHaveTheirSines() throws {
        var net = ModelBuilder(name: "positions")
        let x = net.input("x", [.symbolic("batch"), .symbolic("length"), .fixed(6)])
        net.output(try net.sinusoidalPositions(x, width: 6, longest: 9), name: "y")
        let y = try floats(run(net.graph, ["x": Tensor([Float](repeating: 1, count: 24), shape: [1, 4, 6])])[0])
        // PyTorch: sin(3), cos(3), sin(3 · 10000^(−1/3)), cos(…), sin(3 · 10000^(−2/3)), cos(…).
        let wanted: [Float] = [1.141_120, 0.010_008, 1.138_798, 1.990_320, 1.006_463, 1.999_979]
        for (a, b) in zip(y[18...], wanted) { #expect(abs(a - b) < 1e-5) }
        #expect(throws: (any Error).self) {
            try run(net.graph, ["x": Tensor([Float](repeating: 1, count: 60), shape: [1, 10, 6])])
        }
    }
}
