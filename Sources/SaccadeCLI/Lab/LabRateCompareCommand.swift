import ArgumentParser
import Foundation
import Lab
import Plots
import Saccade
import Training

struct LabRateCompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Train with a learning rate that is too low, one that is right and one that is too high.",
        discussion: """
            The right one is the suggestion of a range test, or --rate; the others are it divided by --factor and times \
            it. All trainings have the same first weights and see the samples in the same order; rates are constant.

              saccade lab lr compare --task digits
              saccade lab lr compare --task cells --epochs 4 --factor 100 -o compare.svg
            """)

    @OptionGroup var arguments: LabArguments
    @OptionGroup var range: LabRangeArguments

    @Option(help: ArgumentHelp("The rate in the middle. Default: what the range test suggests.", valueName: "rate"))
    var rate: Double?

    @Option(help: ArgumentHelp("How far the others lie away.", valueName: "factor"))
    var factor = 30.0

    @Option(help: ArgumentHelp("Epochs of each training. Default: half the task's.", valueName: "n"))
    var epochs: Int?

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The picture. Default: lr-compare-TASK.svg.", valueName: "file"))
    var out: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    func validate() throws {
        guard rate.map({ $0 > 0 && $0.isFinite }) ?? true else { throw ValidationError("--rate must be above 0") }
        guard factor > 1, factor.isFinite else { throw ValidationError("--factor must be above 1") }
        guard (1...10_000).contains(epochs ?? 1) else { throw ValidationError("--epochs must be 1 to 10000") }
    }

    private struct Report: Encodable {
        struct Row: Encodable {
            let name: String
            let rate: Double
            let epochs: Int
            let trainLoss: Double?
            let validationLoss: Double?
            let validationAccuracy: Double?
            let failure: String?
        }

        let task: String
        let rows: [Row]
        let winner: String?
        let picture: String
    }

    func run() throws {
        try runLab(json: json) {
            let progress = LabProgress(isQuiet: quiet)
            try progress.observing { try compare(progress) }
        }
    }

    private func compare(_ progress: LabProgress) throws {
        let task = try arguments.loadTask(progress)
        let training = arguments.training(task, epochs: epochs ?? max(task.usual.epochs / 2, 2))
        let model = try task.model(training.model)
        let middle = try rate ?? suggestion(training, progress)
        let candidates: [RateComparison.Candidate] = [
            .init("too low", middle / factor), .init(rate == nil ? "suggested" : "given", middle),
            .init("too high", middle * factor),
        ]
        var lines: [RateComparison.Candidate: ProgressLine] = [:]
        let comparison = try RateComparison.run(
            candidates, training: task.training, validation: task.validation, epochs: training.epochs,
            batchSize: training.batchSize, seed: training.model.seed, makeLearner: { try training.learner(model) }
        ) { candidate, state in
            var line = lines[candidate] ?? ProgressLine(totalSteps: state.totalSteps, at: progress.now)
            progress.show(state, epochs: training.epochs, line: &line, name: candidate.name)
            lines[candidate] = line
            return progress.goesOn
        }
        let path = out ?? "lr-compare-\(task.name.rawValue).svg"
        let title = task.title.prefix(1).uppercased() + task.title.dropFirst()
        try writePicture(comparison.svg(title: title), to: path)
        if json {
            try StandardOutput.write(Self.json(comparison, task: task, picture: path))
        } else if path != "-" {
            try StandardOutput.write(comparison.text + "picture: \(path)\n")
        }
    }

    private func suggestion(_ training: TaskTraining, _ progress: LabProgress) throws -> Double {
        let learner = try training.learner(training.task.model(training.model))
        let found = try range.run(training, learner, progress).found
        guard let suggestion = found.suggestion else {
            throw SaccadeError(
                reason: "unsupported", message: "the range test suggests no rate: the loss does not fall; give --rate",
                exitCode: 65)
        }
        progress.tell("the range test suggests \(PlotAxis.short(suggestion)) (\(found.ending.text))")
        return suggestion
    }

    private static func json(_ comparison: RateComparison, task: LearningTask, picture: String) throws -> String {
        let rows = comparison.outcomes.map { outcome in
            Report.Row(
                name: outcome.candidate.name, rate: outcome.candidate.rate, epochs: outcome.rows.count,
                trainLoss: outcome.lastTrainLoss, validationLoss: outcome.best?.loss,
                validationAccuracy: outcome.best?.accuracy, failure: outcome.failure)
        }
        let report = Report(
            task: task.name.rawValue, rows: rows, winner: comparison.winner?.candidate.name, picture: picture)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }
}
