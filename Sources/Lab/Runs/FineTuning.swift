package import Graphs
import Models
package import Training

/// A model that was trained before, to be trained on: for another task, with parts that stay as they are.
///
///     let start = FineTuning(model: try importONNX(contentsOf: "model.onnx"), replacesLastLayer: true, rules: [
///         ParameterRule("block0*", isFrozen: true), ParameterRule("block1*", rateFactor: 0.1),
///     ])
///     training.start = start
package struct FineTuning: Sendable {
    package var model: Graph
    /// Whether the last layer begins anew, for the classes of the task.
    package var replacesLastLayer: Bool
    package var rules: [ParameterRule]

    package init(model: Graph, replacesLastLayer: Bool = false, rules: [ParameterRule] = []) {
        self.model = model
        self.replacesLastLayer = replacesLastLayer
        self.rules = rules
    }

    /// The model as the task takes it: inputs by the task's names, one output, "logits".
    func graph(for task: LearningTask, seed: UInt64) throws -> Graph {
        var graph = model
        let wanted = try task.model()
        let names = wanted.inputs.map { wanted[$0].name }
        guard graph.inputs.count == names.count else {
            throw LearningError.invalidModel(
                "the model has \(graph.inputs.count) inputs, and \(task.name.rawValue) gives \(names.count): "
                    + names.joined(separator: ", "))
        }
        // One input may have any name; several must have the task's.
        if names.count == 1 { graph[graph.inputs[0]].name = names[0] }
        for (id, name) in zip(graph.inputs, names) {
            let (declared, given) = (graph[id].declared ?? [], wanted[wanted.inputs[0]].declared ?? [])
            guard graph[id].name == name else {
                throw LearningError.invalidModel(
                    "the model's input \"\(graph[id].name)\" is not the task's \"\(name)\"")
            }
            guard names.count > 1 || declared.fits(given) else {
                throw LearningError.invalidModel(
                    "the model's input is \(declared.text), and the task gives \(given.text)")
            }
        }
        if graph.outputs.count > 1, let logits = graph.outputs.first(where: { graph[$0].name == "logits" }) {
            graph.outputs = [logits]
        }
        guard graph.outputs.count == 1 else {
            throw LearningError.invalidModel("the model has \(graph.outputs.count) outputs, none of them \"logits\"")
        }
        graph[graph.outputs[0]].name = "logits"
        if replacesLastLayer {
            try graph.replaceLastLayer(of: "logits", classes: task.classNames.count, seed: seed)
        }
        graph.metadata = wanted.metadata
        return graph
    }

    /// What is worth knowing before a training, a sentence each.
    package var notes: [String] {
        var convolutions = 0
        var normalizations = 0
        for node in model.nodes {
            switch node.op {
            case .convolution: convolutions += 1
            case .batchNormalization: normalizations += 1
            default: break
            }
        }
        var notes: [String] = []
        if convolutions > 0, normalizations == 0 {
            notes.append(
                "the model has \(convolutions) convolutions and no batch normalization: exports usually have it folded "
                    + "into the weights. It trains without, so take a lower rate than the first training had")
        }
        let learned = model.learnedConstants()
        for rule in rules where !learned.contains(where: { rule.matches(model[$0].name) }) {
            notes.append("no parameter of the model is named like \"\(rule.pattern)\"")
        }
        let frozen = learned.filter { rules.rule(for: model[$0].name).isFrozen }
        if !frozen.isEmpty { notes.append("\(frozen.count) of \(learned.count) parameters stay as they are") }
        return notes
    }
}

extension [Dimension] {
    fileprivate var text: String { map(\.description).joined(separator: "×") }

    /// Whether what has the shape `given` can be put in.
    fileprivate func fits(_ given: [Dimension]) -> Bool {
        count == given.count
            && zip(self, given).allSatisfy { own, other in
                guard case .fixed(let extent) = own else { return true }
                guard case .fixed(let offered) = other else { return false }
                return extent == offered
            }
    }
}
