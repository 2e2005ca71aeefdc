import ArgumentParser
import Foundation
import Lab
import Saccade
import Training

/// What is learned, by which model, and from which data.
struct LabArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What to learn: \(LearningTask.Name.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"))
    var task: LearningTask.Name

    @Option(
        help: ArgumentHelp("The folder with the data sets. Default: what SACCADE_DATA names.", valueName: "folder"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The kind of model: cnn or lstm for digits, cnn for cells, mean, lstm or transformer for intents. Default: "
                + "the first.", valueName: "name"))
    var model: TaskModel?

    @Option(help: ArgumentHelp("What the model's channels are multiplied by.", valueName: "factor"))
    var width = 1.0

    @Option(help: ArgumentHelp("The rate of dropout.", valueName: "rate"))
    var dropout: Float = 0.1

    @Option(help: ArgumentHelp("Of the intents, how many; the first in alphabetical order.", valueName: "n"))
    var classes: Int?

    @Flag(help: "Change the training samples at random, anew in each epoch.")
    var augment = false

    @Option(help: ArgumentHelp("How gradients become steps: sgd, rmsprop, adam or adamw.", valueName: "name"))
    var optimizer: LabOptimizer = .adam

    @Option(help: ArgumentHelp("Samples in a batch. Default: the task's.", valueName: "n"))
    var batch: Int?

    @Option(help: ArgumentHelp("Decides first weights, order and augmentation.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Threads. Default: one a core. Results do not depend on them.", valueName: "n"))
    var threads: Int?

    func validate() throws {
        guard (0.1...16).contains(width) else { throw ValidationError("--width must be 0.1 to 16") }
        guard (0..<1).contains(dropout) else { throw ValidationError("--dropout must be at least 0 and less than 1") }
        guard classes == nil || task == .intents else { throw ValidationError("--classes is for --task intents") }
        guard classes.map({ $0 >= 2 }) ?? true else { throw ValidationError("--classes must be at least 2") }
        guard (1...100_000).contains(batch ?? 1) else { throw ValidationError("--batch must be 1 to 100000") }
        guard (1...1024).contains(threads ?? 1) else { throw ValidationError("--threads must be 1 to 1024") }
    }

    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    var modelOptions: ModelOptions { ModelOptions(model: model, width: width, dropout: dropout, seed: seed) }

    /// Reads the task's data.
    func loadTask(_ progress: LabProgress) throws -> LearningTask {
        try .load(task, from: data, options: TaskOptions(augments: augment, classes: classes), progress)
    }

    /// How the task is trained.
    func training(_ task: LearningTask, epochs: Int? = nil) -> TaskTraining {
        var training = TaskTraining(
            task: task, model: modelOptions, epochs: epochs, batchSize: batch, threads: threadCount)
        training.method = optimizer.method
        training.rate = optimizer.isAdaptive ? task.usual.rate : task.usual.rate * 10
        return training
    }
}

extension LearningTask {
    /// Reads a task's data from the folder of --data, else from that of SACCADE_DATA, and tells what was read.
    static func load(
        _ name: Name, from folder: String?, options: TaskOptions, _ progress: LabProgress
    ) throws -> LearningTask {
        guard let folder = folder ?? ProcessInfo.processInfo.environment["SACCADE_DATA"], !folder.isEmpty else {
            throw SaccadeError(
                reason: "refused", message: "where are the data? --data or SACCADE_DATA names their folder",
                exitCode: 64)
        }
        let task = try LearningTask(name, in: DataFolder(folder), options: options) { done, total in
            progress.show("reading pictures  \(done)/\(total)")
        }
        let parts = DataPart.allCases.map { "\(task.samples($0).count) for \($0.rawValue)" }
        progress.tell("\(task.title): \(parts.joined(separator: ", ")), \(task.classNames.count) classes")
        for note in task.notes { progress.tell(note) }
        return task
    }
}

/// The optimizers by their names, as they are usually set.
enum LabOptimizer: String, ExpressibleByArgument, CaseIterable {
    case sgd, rmsprop, adam, adamw

    var method: OptimizerMethod {
        switch self {
        case .sgd: .sgd(momentum: 0.9)
        case .rmsprop: .rmsProp()
        case .adam: .adam()
        case .adamw: .adamW()
        }
    }

    var isAdaptive: Bool { self != .sgd }
}

extension LearningTask.Name: ExpressibleByArgument {}
extension TaskModel: ExpressibleByArgument {}
