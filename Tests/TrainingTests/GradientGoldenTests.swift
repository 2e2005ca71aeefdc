import Execution
import Foundation
import Graphs
import Kernels
import ONNX
import Tensors
import Testing

/// The gradients of every operator, and of small models, against PyTorch; Tests/Oracles/make_gradient_goldens.py writes the
/// cases.
@Suite struct GradientGoldenTests {
    struct Case: Decodable {
        var name: String
        var model: Data
        var inputs: [GoldenTensor]
        var outputs: [GoldenTensor]
        var upstream: [GoldenTensor]
        var gradients: [GoldenTensor]
        /// What the case settles where there is no derivative.
        var convention: String?
    }

    @Test(arguments: InstructionSet.allCases.filter { $0.isSupported && $0 != .avxVNNI && $0 != .avx512VNNI })
    func gradientsEqualPyTorch(_ instructionSet: InstructionSet) throws {
        let cases = try goldens("gradients.json", as: [Case].self)
        #expect(cases.count > 350)
        for golden in cases {
            if Self.unread.contains(golden.name) {
                #expect(throws: ONNXError.self, "\(golden.name)") { try importONNX(golden.model, name: golden.name) }
                continue
            }
            do {
                try check(golden, instructionSet)
            } catch { Issue.record("\(golden.name): \(error)") }
        }
    }

    /// Cases of operators that no model file of ours has: they are refused by name.
    private static let unread: Set = [
        "cumsum", "cumsum_exclusive", "cumsum_reverse", "scatter_elements", "scatter_elements_add",
    ]

    /// The model with the loss Σ outputs · upstream as its only output, specialized.
    private func withLoss(_ golden: Case) throws -> (graph: Graph, shapes: [String: Shape]) {
        let graph = try importONNX(golden.model, name: golden.name)
        var shapes: [String: Shape] = [:]
        for input in golden.inputs { shapes[input.name] = try Shape(input.shape) }
        var builder = GraphBuilder(graph)
        var loss: ValueID?
        for (output, upstream) in zip(golden.outputs, golden.upstream) {
            guard let id = graph.outputs.first(where: { graph[$0].name == output.name }) else { continue }
            let weight = builder.constant(try upstream.tensor(), name: "upstream \(output.name)")
            let product = try builder.node(.binary(.mul), [id, weight])
            let sum = try builder.node(.reduce(Reduce(.sum, axes: nil, keepsDimensions: false)), [product])
            loss = try loss.map { try builder.node(.binary(.add), [$0, sum]) } ?? sum
        }
        var result = builder.graph
        result.outputs = [try #require(loss)]
        return (try result.specialized(inputShapes: shapes, evaluate: evaluateConstants), shapes)
    }

    /// The gradient of Σ outputs · upstream, as a graph that runs.
    private func check(_ golden: Case, _ instructionSet: InstructionSet) throws {
        let loss = try withLoss(golden)
        var graph = loss.graph
        let shapes = loss.shapes
        let imported = try importONNX(golden.model, name: golden.name)
        let lossID = graph.outputs[0]
        graph.outputs = imported.outputs
        let wanted = golden.gradients.compactMap { gradient in
            graph.inputs.first { graph[$0].name == gradient.name }
        }
        #expect(wanted.count == golden.gradients.count, "\(golden.name)")
        let gradients = try graph.gradients(of: lossID, withRespectTo: wanted)
        var results: [GoldenTensor] = golden.outputs
        for (id, golden) in zip(gradients, golden.gradients) {
            guard let id else {
                // Nothing depends on it: PyTorch says zeros.
                #expect(try golden.tensor().elements(as: Float.self).allSatisfy { $0 == 0 }, "\(golden.name)")
                continue
            }
            graph.addOutput(copying: id, name: "gradient of \(golden.name)")
            results.append(golden)
        }
        let plan = try ExecutionPlan(
            graph, inputShapes: shapes.mapValues(\.dimensions),
            options: ExecutionOptions(instructionSet: instructionSet))
        let inputs = try golden.inputs.map { try $0.tensor() }
        let given = try plan.inputs.map { port in
            try #require(zip(golden.inputs, inputs).first { $0.0.name == port.name }?.1)
        }
        let actual = try Session(plan, threads: 2).run(given)
        for (tensor, expected) in zip(actual, results) {
            let difference = relativeDifference(tensor, try expected.tensor())
            #expect(
                difference.map { $0 <= 1e-4 } ?? false,
                "\(golden.name), \(expected.name): \(difference.map { "\($0)" } ?? "not comparable")")
        }
    }

    // MARK: Central differences

    /// Along random directions the loss changes as the gradients say: (f(x + hd) − f(x − hd)) ÷ 2h ≈ Σ g·d. Kinks and
    /// ties, of which the goldens have the conventions, have no such derivative.
    @Test func gradientsEqualCentralDifferences() throws {
        let cases = try goldens("gradients.json", as: [Case].self)
        var checked = 0
        for golden in cases where golden.convention == nil && !Self.unread.contains(golden.name) {
            do {
                checked += try checkDirections(golden)
            } catch { Issue.record("\(golden.name): \(error)") }
        }
        #expect(checked > 600)
    }

    /// How many directions were looked at: two for each input that has a gradient.
    private func checkDirections(_ golden: Case) throws -> Int {
        let graph = try withLoss(golden)
        let inputs = try golden.inputs.map { try $0.tensor() }
        let plan = try ExecutionPlan(
            graph.graph, inputShapes: graph.shapes.mapValues(\.dimensions), options: ExecutionOptions(integers: false))
        let session = try Session(plan)
        func loss(_ changed: String, _ tensor: Tensor) throws -> Double {
            let given = try plan.inputs.map { port in
                port.name == changed
                    ? tensor : try #require(zip(golden.inputs, inputs).first { $0.0.name == port.name }?.1)
            }
            return Double(try session.run(given)[0].elements(as: Float.self)[0])
        }
        var numbers = Numbers(seed: 17)
        var checked = 0
        for gradient in golden.gradients {
            guard let place = golden.inputs.firstIndex(where: { $0.name == gradient.name }) else { continue }
            let x = inputs[place].elements(as: Float.self)
            let g = try gradient.tensor().elements(as: Float.self)
            for _ in 0..<2 {
                // Few elements move, by what is exact in binary: the difference is not drowned by the rest.
                let moved = (0..<min(4, x.count)).map { _ in numbers.integer(0...x.count - 1) }
                var direction = [Float](repeating: 0, count: x.count)
                for index in moved { direction[index] = numbers.float() > 0 ? 1 : -1 }
                let expected = zip(g, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                let estimates = try [0x1p-7, 0x1p-9, 0x1p-11].map { (step: Float) in
                    func at(_ sign: Float) throws -> Double {
                        let values = zip(x, direction).map { $0 + sign * step * $1 }
                        return try loss(gradient.name, try Tensor(values, shape: gradient.shape))
                    }
                    return try (at(1) - at(-1)) / (2 * Double(step))
                }
                // A large step has an error of its own, a small one that of rounding: one of them is near.
                let scale = max(1, g.reduce(0) { max($0, abs(Double($1))) })
                let error = estimates.map { abs($0 - expected) / scale }.min() ?? .infinity
                #expect(error < 1e-2, "\(golden.name), \(gradient.name): \(estimates), not \(expected)")
                checked += 1
            }
        }
        return checked
    }
}
