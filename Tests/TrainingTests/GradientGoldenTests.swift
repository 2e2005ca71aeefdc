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

    /// The gradient of Σ outputs · upstream, as a graph that runs.
    private func check(_ golden: Case, _ instructionSet: InstructionSet) throws {
        var graph = try importONNX(golden.model, name: golden.name)
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
        graph = try builder.graph.specialized(inputShapes: shapes, evaluate: evaluateConstants)
        let wanted = golden.gradients.compactMap { gradient in
            graph.inputs.first { graph[$0].name == gradient.name }
        }
        #expect(wanted.count == golden.gradients.count, "\(golden.name)")
        let gradients = try graph.gradients(of: try #require(loss), withRespectTo: wanted)
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
}
