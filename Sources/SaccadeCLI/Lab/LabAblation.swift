import ArgumentParser
import Foundation
import Lab
import Saccade
import Training

/// What of a task is trained how often to see what operations are worth.
struct LabAblationArguments: ParsableArguments {
    @Flag(help: "Train a task without augmentation, with all operations, and with all but each one of them.")
    var ablate = false

    @Option(
        help: ArgumentHelp(
            "The task: \(LearningTask.Name.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"))
    var task: LearningTask.Name?

    @Option(
        help: ArgumentHelp("The folder with the data sets. Default: what SACCADE_DATA names.", valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("The kind of model. Default: the task's.", valueName: "name"))
    var model: TaskModel?

    @Option(help: ArgumentHelp("What the model's channels are multiplied by.", valueName: "factor"))
    var width = 1.0

    @Option(help: ArgumentHelp("Of the intents, how many; the first in alphabetical order.", valueName: "n"))
    var classes: Int?

    @Option(help: ArgumentHelp("Epochs of each training. Default: the task's.", valueName: "n"))
    var epochs: Int?

    @Option(help: ArgumentHelp("Trainings of each variant, with seeds of their own.", valueName: "n"))
    var seeds = 3

    @Option(
        help: ArgumentHelp("Samples to train on, evenly spread over all. Default: all.", valueName: "n"))
    var trainSamples: Int?

    @Option(help: ArgumentHelp("Samples in a batch. Default: the task's.", valueName: "n"))
    var batch: Int?

    @Option(help: ArgumentHelp("Threads. Default: one a core. Results do not depend on them.", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("The picture of the ablation. Default: ablation-TASK.svg.", valueName: "file"))
    var chart: String?

    func validate() throws {
        guard !ablate || task != nil else { throw ValidationError("--ablate needs --task digits, cells or intents") }
        guard (0.1...16).contains(width) else { throw ValidationError("--width must be 0.1 to 16") }
        guard classes == nil || task == .intents else { throw ValidationError("--classes is for --task intents") }
        guard classes.map({ $0 >= 2 }) ?? true else { throw ValidationError("--classes must be at least 2") }
        guard (1...10_000).contains(epochs ?? 1) else { throw ValidationError("--epochs must be 1 to 10000") }
        guard (1...100).contains(seeds) else { throw ValidationError("--seeds must be 1 to 100") }
        guard trainSamples.map({ $0 >= 2 }) ?? true else { throw ValidationError("--train-samples must be at least 2") }
        guard (1...100_000).contains(batch ?? 1) else { throw ValidationError("--batch must be 1 to 100000") }
        guard (1...1024).contains(threads ?? 1) else { throw ValidationError("--threads must be 1 to 1024") }
    }

    private struct Report: Encodable {
        struct Row: Encodable {
            let variant: String
            let validation: [Double]
            let test: [Double]
            let validationChange: Double
            let testChange: Double
            /// Of the change of the test's figure, 95 %; nil for one seed.
            let testInterval: [Double]?
        }

        let task: String
        let measure: String
        let epochs: Int
        let samples: Int
        let seeds: [UInt64]
        let rows: [Row]
        let picture: String
    }

    /// Trains all variants, prints the table and draws the chart.
    func run(
        operations: String?, options: AugmentationRecipe.Options, seed: UInt64, json: Bool, _ progress: LabProgress
    ) throws {
        guard let name = self.task else { return }
        let task = try LearningTask.load(name, from: data, options: TaskOptions(classes: classes), progress)
            .limited(to: trainSamples)
        let recipe = try operations.map { try AugmentationRecipe($0, kind: task.sampleKind, options: options) }
        let used = try recipe ?? task.usualRecipe()
        guard !used.operationNames.isEmpty else {
            throw SaccadeError(reason: "refused", message: "the recipe has no operation to leave out", exitCode: 64)
        }
        let seedList = (0..<UInt64(seeds)).map { seed &+ $0 }
        let total = Ablation.variants(of: used).count * seeds
        let threadCount = threads ?? ProcessInfo.processInfo.activeProcessorCount
        func training(_ task: LearningTask, _ seed: UInt64) -> TaskTraining {
            TaskTraining(
                task: task, model: ModelOptions(model: model, width: width, seed: seed), epochs: epochs,
                batchSize: batch, threads: threadCount)
        }
        let epochCount = training(task, seed).epochs
        progress.tell("\(total) trainings of \(epochCount) epochs on \(task.training.count) samples")
        let ablation = try Ablation.run(task, recipe: used, seeds: seedList, training: training) {
            done, variant, seed, state in
            progress.show("training \(done + 1)/\(total)  \(variant.name)  step \(state.step)/\(state.totalSteps)")
            if state.step == state.totalSteps, let accuracy = state.validation?.metrics[LearningTask.accuracy] {
                progress.tell(
                    "training \(done + 1)/\(total)  \(variant.name), seed \(seed): validation accuracy "
                        + String(format: "%.3f", accuracy))
            }
            return progress.goesOn
        }
        let path = chart ?? "ablation-\(name.rawValue).svg"
        try writePicture(ablation.svg, to: path)
        if json {
            let rows = ablation.rows.map { row in
                let test = ablation.difference(row, \.test)
                return Report.Row(
                    variant: row.variant.name, validation: row.validation, test: row.test,
                    validationChange: ablation.difference(row, \.validation).value, testChange: test.value,
                    testInterval: test.lower.isFinite ? [test.lower, test.upper] : nil)
            }
            let report = Report(
                task: name.rawValue, measure: ablation.measure, epochs: epochCount, samples: task.training.count,
                seeds: seedList, rows: rows, picture: path)
            try StandardOutput.write(try jsonLine(report))
        } else if path != "-" {
            try StandardOutput.write(ablation.text + "\npicture: \(path)\n")
        }
    }
}
