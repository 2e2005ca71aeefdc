import ArgumentParser
import Foundation
import Lab
import Plots
import Saccade
import Training

struct LabRateFindCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find",
        abstract: "Look for a learning rate: a range test on a task.",
        discussion: """
            Steps are taken with a rising rate until the loss leaves (Smith, 2017). Two rates are suggested: the one at \
            which the smoothed loss falls most steeply, and a tenth of the one at which it is lowest. The weights are \
            put back afterwards.

              saccade lab lr find --task digits
              saccade lab lr find --task intents --classes 20 --optimizer sgd -o range.svg
            """)

    @OptionGroup var arguments: LabArguments
    @OptionGroup var range: LabRangeArguments

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The picture. Default: lr-find-TASK.svg.", valueName: "file"))
    var out: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    private struct Report: Encodable {
        let task: String
        let steepest: Double?
        let minimumByTen: Double?
        let suggestion: Double?
        let ending: String
        let steps: Int
        let isRestored: Bool
        let weights: String
        let picture: String
    }

    func run() throws {
        try runLab(json: json) {
            let progress = LabProgress(isQuiet: quiet)
            try progress.observing { try find(progress) }
        }
    }

    private func find(_ progress: LabProgress) throws {
        let task = try arguments.loadTask(progress)
        let training = arguments.training(task)
        let learner = try training.learner(task.model(training.model))
        let result = try range.run(training, learner, progress)
        guard result.isRestored else {
            throw SaccadeError(reason: "internal", message: "the weights were not restored", exitCode: 70)
        }
        let path = out ?? "lr-find-\(task.name.rawValue).svg"
        let plot = result.found.plot(title: "Learning rate range test: \(task.title), \(arguments.optimizer.rawValue)")
        try writePicture(plot.svg, to: path)
        let report = Report(
            task: task.name.rawValue, steepest: result.found.steepest, minimumByTen: result.found.minimumByTen,
            suggestion: result.found.suggestion, ending: result.found.ending.text, steps: result.found.points.count,
            isRestored: result.isRestored, weights: result.digestAfter, picture: path)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            encoder.keyEncodingStrategy = .convertToSnakeCase
            try StandardOutput.write(String(decoding: try encoder.encode(report), as: UTF8.self) + "\n")
        } else if path != "-" {
            try StandardOutput.write(text(report))
        }
    }

    private func text(_ report: Report) -> String {
        func rate(_ value: Double?) -> String { value.map { PlotAxis.short($0) } ?? "none: the loss does not fall" }
        return """
            steepest descent  \(rate(report.steepest))
            minimum ÷ 10      \(rate(report.minimumByTen))
            suggestion        \(rate(report.suggestion))
            range test        \(report.steps) steps, \(report.ending)
            weights           as before, SHA-256 \(report.weights.prefix(16))…
            picture           \(report.picture)

            """
    }
}

extension LearningRateFinder.Ending {
    /// In words.
    var text: String {
        switch self {
        case .completed: "to the highest rate"
        case .diverged(let rate): "the loss left at \(PlotAxis.short(rate))"
        case .notFinite(let rate): "the loss was no number at \(PlotAxis.short(rate))"
        }
    }
}
