import ArgumentParser
import Graphs
import Lab
import ONNX
import Saccade
import Training

/// A model that a training begins with, and what of it is trained how.
struct LabStartArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Begin with this model, an ONNX file, instead of a new one: one whose input is the task's.",
            valueName: "file"))
    var from: String?

    @Flag(help: "With --from: give it a new last layer for the task's classes.")
    var replaceLast = false

    @Option(
        help: ArgumentHelp(
            "Parameters that stay as they are, by a pattern of names as the shell has them; repeatable.",
            valueName: "pattern"))
    var freeze: [String] = []

    @Option(
        help: ArgumentHelp(
            "What the learning rate of parameters is multiplied by, as in \"block1*=0.1\"; repeatable.",
            valueName: "pattern=factor"))
    var rateFactor: [String] = []

    func validate() throws {
        guard from != nil || (!replaceLast && freeze.isEmpty && rateFactor.isEmpty) else {
            throw ValidationError("--replace-last, --freeze and --rate-factor are for a model that --from names")
        }
        _ = try rules()
    }

    private func rules() throws -> [ParameterRule] {
        let factors = try rateFactor.map { text in
            guard let equals = text.lastIndex(of: "="), let factor = Double(text[text.index(after: equals)...]),
                factor >= 0, factor.isFinite, equals != text.startIndex
            else { throw ValidationError("--rate-factor takes PATTERN=FACTOR, not \(text)") }
            return ParameterRule(String(text[..<equals]), rateFactor: factor)
        }
        return factors + freeze.map { ParameterRule($0, isFrozen: true) }
    }

    func fineTuning() throws -> FineTuning? {
        guard let from else { return nil }
        let model: Graph
        do {
            model = try importONNX(contentsOf: from)
        } catch {
            throw SaccadeError(reason: "unsupported", message: "\(from): \(error)", exitCode: 65)
        }
        return FineTuning(model: model, replacesLastLayer: replaceLast, rules: try rules())
    }
}
