import ArgumentParser
import Foundation
import Lab
import ONNX
import Plots
import Saccade
import Training

struct LabTrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a model on a task, and judge it by samples that it has not seen.",
        discussion: """
            The folder gets checkpoints, log.csv, curves.svg, model.onnx and test.json. Weights are those of the epoch with \
            the lowest validation loss. A run that was stopped goes on with --resume, and ends with the same bits as one \
            that never was.

              saccade lab train --task digits --out runs/digits
              saccade lab train --task cells --augment --epochs 12
              saccade lab train --task cells --from runs/digits/model.onnx --replace-last --freeze "block0*"
              saccade lab train --task intents --classes 20 --model lstm --schedule "onecycle(0.01,steps=630)"
            """)

    @OptionGroup var arguments: LabArguments

    @Option(help: ArgumentHelp("Epochs. Default: the task's.", valueName: "n"))
    var epochs: Int?

    @Option(help: ArgumentHelp("The highest learning rate. Default: the task's.", valueName: "rate"))
    var rate: Double?

    @Option(
        help: ArgumentHelp(
            "The learning rate over the steps, as \"lab lr plot\" reads it. Default: half a cosine.", valueName: "text")
    )
    var schedule: String?

    @Option(
        help: ArgumentHelp(
            "End after so many epochs without a lower validation loss. Default: never before the last epoch.",
            valueName: "n"))
    var patience: Int?

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The run's folder. Default: runs/TASK.", valueName: "folder"))
    var out: String?

    @OptionGroup var start: LabStartArguments

    @Flag(help: "Go on from the newest checkpoint of the folder.")
    var resume = false

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    func validate() throws {
        guard (1...100_000).contains(epochs ?? 1) else { throw ValidationError("--epochs must be 1 to 100000") }
        guard rate.map({ $0 > 0 && $0.isFinite }) ?? true else { throw ValidationError("--rate must be above 0") }
        guard rate == nil || schedule == nil else { throw ValidationError("--schedule has a rate of its own") }
        guard patience.map({ $0 > 0 }) ?? true else { throw ValidationError("--patience must be at least 1") }
    }

    func run() throws {
        try runLab(json: json) {
            let progress = LabProgress(isQuiet: quiet)
            let planned = try schedule.map { try Schedule($0) }
            try progress.observing { try train(planned, progress) }
        }
    }

    private func train(_ planned: Schedule?, _ progress: LabProgress) throws {
        let task = try arguments.loadTask(progress)
        var training = arguments.training(task, epochs: epochs)
        if let rate { training.rate = rate }
        training.schedule = planned
        training.patience = patience
        // A model that does not fit is known before a folder is made.
        training.start = try start.fineTuning()
        for note in training.start?.notes ?? [] { progress.tell(note) }
        _ = try training.initialModel()
        let folder = try OutputFolder(out ?? "runs/\(task.name.rawValue)")
        var line: ProgressLine?
        let outcome = try training.run(folder: folder.path, resumes: resume) { state in
            if line == nil {
                line = ProgressLine(totalSteps: state.totalSteps, step: state.step - 1, at: progress.now)
                if state.step > 1 { progress.tell("goes on behind step \(state.step - 1)") }
            }
            guard var current = line else { return true }
            progress.show(state, epochs: training.epochs, line: &current)
            line = current
            return progress.goesOn
        }
        guard let outcome else {
            throw SaccadeError(
                reason: "interrupted", message: "interrupted; --resume goes on from \(folder.path)",
                exitCode: 128 + (progress.signal ?? SIGINT))
        }
        for warning in outcome.summary.warnings { progress.tell(warning) }
        try folder.write(exportONNX(outcome.model), to: "model.onnx")
        let report = LabTrainReport(
            task: task, training: training, outcome: outcome, folder: folder.path)
        let text = try report.json()
        try folder.write(text.utf8, to: "test.json")
        try StandardOutput.write(json ? text : report.text)
    }
}
