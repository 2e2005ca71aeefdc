import Execution
import Foundation
import Graphs
import Tensors
import Testing
import Training

/// Losses and their gradients against PyTorch; Tests/Oracles/make_loss_goldens.py writes the cases.
@Suite struct LossGoldenTests {
    struct Case: Decodable {
        /// Numbers, flags and names.
        enum Parameter: Decodable {
            case number(Float)
            case flag(Bool)
            case name(String)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let flag = try? container.decode(Bool.self) {
                    self = .flag(flag)
                } else if let number = try? container.decode(Float.self) {
                    self = .number(number)
                } else {
                    self = .name(try container.decode(String.self))
                }
            }
        }

        var name: String
        var loss: String
        var parameters: [String: Parameter]
        var inputs: [GoldenTensor]
        var outputs: [GoldenTensor]
        var gradients: [GoldenTensor]

        func number(_ name: String) -> Float {
            if case .number(let number) = parameters[name] { return number }
            return .nan
        }

        func integer(_ name: String) -> Int { Int(number(name)) }

        func flag(_ name: String) -> Bool {
            if case .flag(let flag) = parameters[name] { return flag }
            return false
        }

        /// Nil where no label is ignored.
        var ignoredLabel: Int? {
            get throws {
                let labels = try inputs.first { $0.name == "labels" }?.tensor().integers ?? []
                return labels.contains(integer("ignoreIndex")) ? integer("ignoreIndex") : nil
            }
        }

        var reduction: Reduction {
            if case .name("sum") = parameters["reduction"] { return .sum }
            return .mean
        }
    }

    struct UnknownLoss: Error {}

    @Test func lossesEqualPyTorch() throws {
        let cases = try goldens("losses.json", as: [Case].self)
        #expect(cases.count >= 57)
        for golden in cases {
            do {
                try check(golden)
            } catch { Issue.record("\(golden.name): \(error)") }
        }
    }

    private func check(_ golden: Case) throws {
        var graph = try Self.graph(golden)
        let loss = graph.outputs[0]
        let learned = golden.gradients.compactMap { gradient in
            graph.inputs.first { graph[$0].name == gradient.name }
        }
        let gradients = try graph.gradients(of: loss, withRespectTo: learned)
        for (id, gradient) in zip(gradients, golden.gradients) {
            graph.addOutput(copying: try #require(id), name: "gradient of \(gradient.name)")
        }
        try GraphSpec.check(graph, pass: golden.name)
        let plan = try ExecutionPlan(graph)
        let given = try plan.inputs.map { port in
            try #require(golden.inputs.first { $0.name == port.name }).tensor()
        }
        let actual = try Session(plan, threads: 2).run(given)
        let wanted = golden.outputs + golden.gradients
        #expect(actual.count == wanted.count, "\(golden.name)")
        for (tensor, expected) in zip(actual, wanted) {
            let difference = relativeError(tensor, try expected.tensor())
            #expect(
                difference.map { $0 <= 1e-4 } ?? false,
                "\(golden.name), \(expected.name): \(difference.map { "\($0)" } ?? "not comparable")")
        }
    }

    /// The greatest difference over the greatest element of the second tensor; nil where they cannot be compared.
    private func relativeError(_ a: Tensor, _ b: Tensor) -> Float? {
        guard a.type == b.type else { return nil }
        let (x, y) = (a.elements(as: Float.self), b.elements(as: Float.self))
        let scale = y.reduce(1e-6) { max($0, $1.isFinite ? abs($1) : 0) }
        var greatest: Float = 0
        for (x, y) in zip(x, y) where x != y {
            guard x.isFinite, y.isFinite else { return nil }
            greatest = max(greatest, abs(x - y) / scale)
        }
        return greatest
    }

    /// The case's loss, and where the case has them the samples' losses, for the shapes of its inputs. Inputs are made
    /// without their sizes, as a model has them.
    static func graph(_ golden: Case) throws -> Graph {
        var builder = GraphBuilder(name: golden.name)
        var inputs: [String: ValueID] = [:]
        var shapes: [String: Shape] = [:]
        for input in golden.inputs {
            let dtype = try #require(DType(rawValue: input.dtype))
            inputs[input.name] = builder.input(
                input.name, dtype: dtype, input.shape.indices.map { .symbolic("\(input.name)\($0)") })
            shapes[input.name] = try Shape(input.shape)
        }
        let reductions: [Reduction] = golden.outputs.count > 1 ? [golden.reduction, .none] : [golden.reduction]
        for (reduction, output) in zip(reductions, golden.outputs) {
            builder.output(try loss(golden, reduction, inputs, &builder), name: output.name)
        }
        return try builder.graph.specialized(inputShapes: shapes, evaluate: evaluateConstants)
    }

    private static func loss(
        _ golden: Case, _ reduction: Reduction, _ inputs: [String: ValueID], _ builder: inout GraphBuilder
    ) throws -> ValueID {
        func input(_ name: String) throws -> ValueID { try #require(inputs[name]) }
        let number = golden.number
        switch golden.loss {
        case "crossEntropy" where golden.inputs.contains { $0.name == "probabilities" }:
            return try builder.crossEntropy(
                logits: input("logits"), probabilities: input("probabilities"),
                labelSmoothing: number("labelSmoothing"), reduction: reduction)
        case "crossEntropy":
            return try builder.crossEntropy(
                logits: input("logits"), labels: input("labels"), weights: inputs["weights"],
                labelSmoothing: number("labelSmoothing"), ignoredLabel: try golden.ignoredLabel,
                reduction: reduction)
        case "binaryCrossEntropy":
            return try builder.binaryCrossEntropy(
                logits: input("logits"), targets: input("targets"), positiveWeights: inputs["positiveWeights"],
                reduction: reduction)
        case "focal":
            let alpha = number("alpha")
            return try builder.focalLoss(
                logits: input("logits"), targets: input("targets"), gamma: number("gamma"),
                alpha: alpha < 0 ? nil : alpha, reduction: reduction)
        case "meanSquared":
            return try builder.meanSquaredError(
                predictions: input("predictions"), targets: input("targets"), reduction: reduction)
        case "huber":
            return try builder.huberLoss(
                predictions: input("predictions"), targets: input("targets"), delta: number("delta"),
                reduction: reduction)
        case "smoothL1":
            return try builder.smoothL1Loss(
                predictions: input("predictions"), targets: input("targets"), beta: number("beta"),
                reduction: reduction)
        case "ctc":
            return try builder.ctcLoss(
                logits: input("logits"), labels: input("labels"), inputLengths: input("inputLengths"),
                labelLengths: input("labelLengths"), blank: golden.integer("blank"),
                ignoresImpossible: golden.flag("zeroInfinity"), reduction: reduction)
        case "ciou":
            return try builder.completeIoULoss(
                predictions: input("predictions"), targets: input("targets"), epsilon: number("epsilon"),
                reduction: reduction)
        case "distributionFocal":
            return try builder.distributionFocalLoss(
                logits: input("logits"), targets: input("targets"), reduction: reduction)
        case "triplet":
            return try builder.tripletLoss(
                anchors: input("anchors"), positives: input("positives"), negatives: input("negatives"),
                margin: number("margin"), epsilon: number("epsilon"), reduction: reduction)
        case "ntXent":
            return try builder.ntXentLoss(embeddings: input("embeddings"), temperature: number("temperature"))
        case "infoNCE":
            return try builder.infoNCELoss(
                queries: input("queries"), keys: input("keys"), temperature: number("temperature"),
                isSymmetric: golden.flag("symmetric"))
        case "klDivergence":
            return try builder.klDivergence(logits: input("logits"), targets: input("targets"), reduction: reduction)
        case "distillation":
            return try builder.distillationLoss(
                logits: input("logits"), teacher: input("teacher"), labels: input("labels"),
                temperature: number("temperature"), alpha: number("alpha"))
        default: throw UnknownLoss()
        }
    }
}
