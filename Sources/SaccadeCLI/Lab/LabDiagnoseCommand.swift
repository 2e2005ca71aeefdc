import ArgumentParser
import Foundation
import Lab
import Saccade
import Synchronization

struct LabDiagnoseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagnose",
        abstract: "Find out why a model is worse on new samples, and measure what helps.",
        discussion: """
            Measured are the learning curve over parts of the data, the gap between training and validation over the \
            epochs, bias and variance by bootstrap, cross-validation, and what wrong labels cost; the samples whose \
            labels look wrong are listed. Then remedies are tried one at a time, with as many steps: more data, \
            augmentation, L1, L2, dropout, early stopping, a smaller model, an ensemble. A verdict names the one next \
            action. The untreated model has no dropout, no regularization and no augmentation.

              saccade lab diagnose --task digits
              saccade lab diagnose --task intents --classes 20 --fraction 0.3 --out diagnosis
              saccade lab diagnose --task cells --quick --json

            --quick takes a part of the samples and fewer trainings: a couple of minutes on two cores, and wider \
            intervals. The folder gets a picture of each measurement, report.txt and report.json. Results depend on the \
            seed, and not on the threads.
            """)

    @Option(
        help: ArgumentHelp(
            "What to learn: \(LearningTask.Name.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"))
    var task: LearningTask.Name

    @Option(
        help: ArgumentHelp("The folder with the data sets. Default: what SACCADE_DATA names.", valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("The kind of model. Default: the task's first.", valueName: "name"))
    var model: TaskModel?

    @Option(help: ArgumentHelp("What the model's channels are multiplied by.", valueName: "factor"))
    var width = 1.0

    @Option(help: ArgumentHelp("Of the intents, how many; the first in alphabetical order.", valueName: "n"))
    var classes: Int?

    @Option(
        help: ArgumentHelp(
            "The part of the training samples to diagnose with; the rest is the remedy of more data. Default: 1.",
            valueName: "0-1"))
    var fraction: Double?

    @Option(
        help: ArgumentHelp(
            "Epochs of a training. Default: as many steps as the task has, with --quick fewer.", valueName: "n"))
    var epochs: Int?

    @Option(help: ArgumentHelp("Trainings of each kind. Default: 3, with --quick 2.", valueName: "n"))
    var seeds: Int?

    @Option(help: ArgumentHelp("Folds of the cross-validation. Default: 5, with --quick 3.", valueName: "n"))
    var folds: Int?

    @Option(help: ArgumentHelp("The learning rate. Default: the task's.", valueName: "rate"))
    var rate: Double?

    @Option(help: ArgumentHelp("Samples in a batch. Default: the task's.", valueName: "n"))
    var batch: Int?

    @Option(help: ArgumentHelp("Decides first weights, order and all draws.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp(
            "Trainings at a time. Default: one a core. They do not change the results.", valueName: "n"))
    var threads: Int?

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The folder for pictures and reports. Default: runs/diagnose-TASK.", valueName: "folder"))
    var out: String?

    @Flag(help: "Fewer trainings, on a part of the samples.")
    var quick = false

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    func validate() throws {
        guard (0.1...16).contains(width) else { throw ValidationError("--width must be 0.1 to 16") }
        guard classes == nil || task == .intents else { throw ValidationError("--classes is for --task intents") }
        guard classes.map({ $0 >= 2 }) ?? true else { throw ValidationError("--classes must be at least 2") }
        guard fraction.map({ $0 > 0 && $0 <= 1 }) ?? true else {
            throw ValidationError("--fraction must be above 0 and at most 1")
        }
        guard (1...100_000).contains(epochs ?? 1) else { throw ValidationError("--epochs must be 1 to 100000") }
        guard (2...1000).contains(seeds ?? 2) else { throw ValidationError("--seeds must be 2 to 1000") }
        guard (2...1000).contains(folds ?? 2) else { throw ValidationError("--folds must be 2 to 1000") }
        guard rate.map({ $0 > 0 && $0.isFinite }) ?? true else { throw ValidationError("--rate must be above 0") }
        guard (1...100_000).contains(batch ?? 1) else { throw ValidationError("--batch must be 1 to 100000") }
        guard (1...1024).contains(threads ?? 1) else { throw ValidationError("--threads must be 1 to 1024") }
    }

    func run() throws {
        try runLab(json: json) {
            let progress = LabProgress(isQuiet: quiet)
            try progress.observing { try diagnose(progress) }
        }
    }

    private func diagnose(_ progress: LabProgress) throws {
        let loaded = try LearningTask.load(
            task, from: data, options: TaskOptions(augments: true, classes: classes), progress)
        let learner = try TaskLearner(loaded, model: model, width: width, rate: rate, batchSize: batch) {
            progress.goesOn
        }
        let part = fraction ?? DiagnosisOptions.usualFraction(of: loaded, isQuick: quick)
        var options = DiagnosisOptions(for: loaded, fraction: part, isQuick: quick)
        if let epochs { options.epochs = epochs }
        if let seeds { options.seeds = seeds }
        if let folds { options.folds = folds }
        options.seed = seed
        options.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
        let samples = learner.samples(fraction: part, seed: seed)
        let budget = try Diagnosis.budget(of: learner, samples: samples, options: options)
        let folder = try OutputFolder(out ?? "runs/diagnose-\(task.rawValue)")
        progress.tell(try Self.estimate(budget, learner, samples, threads: options.threads))

        let stage = Mutex(Diagnosis.Progress.Stage?.none)
        let diagnosis = try Diagnosis(of: learner, samples: samples, options: options) { state in
            let isNew = stage.withLock { known in
                defer { known = state.stage }
                return known != state.stage
            }
            if isNew { progress.tell("\(state.stage.rawValue): \(state.done) of \(state.total) trainings done") }
            progress.show("\(state.stage.rawValue)  \(state.done)/\(state.total) trainings")
        }
        let report = LabDiagnosisReport(
            task: loaded, model: learner.model ?? loaded.models[0], fraction: part, seed: seed, diagnosis: diagnosis)
        let text = try report.json()
        for (name, svg) in diagnosis.pictures { try folder.write(svg.utf8, to: name) }
        try folder.write(report.text.utf8, to: "report.txt")
        try folder.write(text.utf8, to: "report.json")
        try StandardOutput.write(json ? text : report.text + "\nwritten to \(folder.path)\n")
    }

    /// How many trainings, and about how long: by the time of a few batches. The second run counts, since the first one
    /// reads and plans.
    private static func estimate(
        _ budget: Diagnosis.Budget, _ learner: TaskLearner, _ samples: DiagnosisSamples, threads: Int
    ) throws -> String {
        let few = Array(samples.training.prefix(8 * learner.batchSize))
        var times: [Duration] = []
        for epochs in [1, 2] {
            let trial = Trial(samples: few, epochs: epochs, seed: 0, evaluated: [])
            let start = ContinuousClock.now
            _ = try learner.run(trial)
            times.append(ContinuousClock.now - start)
        }
        let seconds = max((times[1] - times[0]) / .seconds(1), 0) / Double(max(few.count, 1)) * Double(budget.cost)
        let minutes = seconds / 60 / Double(min(threads, ProcessInfo.processInfo.activeProcessorCount))
        let time = minutes < 1 ? "less than a minute" : "about \(Int(minutes.rounded(.up))) minutes"
        return "about \(budget.trainings) trainings, up to \(budget.further) more where they are called for: \(time)"
    }
}

/// What `lab diagnose` says at its end.
struct LabDiagnosisReport: Encodable {
    let task: String
    let model: String
    let fraction: Double
    let seed: UInt64
    let diagnosis: Diagnosis

    init(task: LearningTask, model: TaskModel, fraction: Double, seed: UInt64, diagnosis: Diagnosis) {
        self.task = task.name.rawValue
        self.model = model.rawValue
        self.fraction = fraction
        self.seed = seed
        self.diagnosis = diagnosis
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    var text: String { "\(task), \(model)\n\(diagnosis.text.withoutControlsButLineEnds)" }
}

extension String {
    /// Without control characters; lines stay lines.
    fileprivate var withoutControlsButLineEnds: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { String($0).withoutControls }
            .joined(separator: "\n")
    }
}
