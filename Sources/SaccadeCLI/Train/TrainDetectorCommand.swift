import ArgumentParser
import Detectors
import Digests
import Evaluation
import Foundation
import Graphs
import Lab
import ONNX
import Saccade
import Training

struct TrainDetectorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detector",
        abstract: "Train a detector on pictures with boxes.",
        discussion: """
            The data are a folder as YOLO has it (images, labels, ignore, val.txt or images/train and images/val, \
            classes.txt) or as COCO has it (instances_train….json, instances_val….json and the images).

            The run's folder gets model.onnx, checkpoints, log.csv, curves.svg, recipe.json, result.json, for each epoch \
            a picture of what was found in the validation's pictures, and a cache of all pictures, three bytes a pixel. \
            Weights are the averaged ones of the epoch with the highest average precision. A run that was stopped, at \
            whatever moment, goes on with --resume and ends with the same bits as one that never was.

              saccade train detector --data trainset --names person,bicycle,car --out runs/a
              saccade train detector --data trainset --out runs/a --resume
              saccade train detector --data coco/ --teacher yolox_s.onnx --epochs 50 --out runs/b
              saccade train detector --data trainset --from weights/saccade-n-float.onnx --epochs 5 --rate 1e-4 --out runs/c

            A recipe is a JSON file with any of the fields of recipe.json. --epochs 0 writes the model as it begins.
            """)

    @Option(help: ArgumentHelp("The folder with pictures and boxes.", valueName: "folder"))
    var data: String?

    @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The run's folder.", valueName: "folder"))
    var out: String

    @Option(
        help: ArgumentHelp(
            "The names of the classes, in their order. Default: those of the data.", valueName: "person,car"))
    var names: String?

    @Option(help: ArgumentHelp("A recipe, JSON.", valueName: "file"))
    var recipe: String?

    @Option(help: ArgumentHelp("Epochs. Default: the recipe's, which usually has 100.", valueName: "n"))
    var epochs: Int?

    @Option(help: ArgumentHelp("Pictures in a batch. Default: the recipe's, 16.", valueName: "n"))
    var batch: Int?

    @Option(help: ArgumentHelp("The highest learning rate. Default: the recipe's, 0.0005.", valueName: "rate"))
    var rate: Double?

    @Option(
        help: ArgumentHelp(
            "The side of the input that the model is for, a multiple of 32; with it the sides that it learns from: a step "
                + "or two below and one above. Default: the recipe's, 416.", valueName: "pixels"))
    var imgsz: Int?

    @Option(help: ArgumentHelp("Decides first weights, order and changes of the pictures.", valueName: "n"))
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "Begin with this model: one that this command or its recipe has made.", valueName: "file"))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "A detector (ONNX; YOLOX or YOLOv8-like) that sees the same pictures: what it says is learned too. Mind its "
                + "licence.", valueName: "file"))
    var teacher: String?

    @Flag(
        help: ArgumentHelp(
            "Round activations and weights as in 8 bits while it learns: some last epochs with a low rate, for a model that "
                + "--from names and that is then quantized."))
    var qat = false

    @Option(help: ArgumentHelp("Threads. Default: one a core. Results do not depend on them.", valueName: "n"))
    var threads: Int?

    @Flag(help: "Go on from the newest checkpoint of the folder.")
    var resume = false

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    func validate() throws {
        guard (0...100_000).contains(epochs ?? 1) else { throw ValidationError("--epochs must be 0 to 100000") }
        guard (1...4096).contains(batch ?? 1) else { throw ValidationError("--batch must be 1 to 4096") }
        guard rate.map({ $0 > 0 && $0.isFinite }) ?? true else { throw ValidationError("--rate must be above 0") }
        guard imgsz.map({ $0 % 32 == 0 && (64...1280).contains($0) }) ?? true else {
            throw ValidationError("--imgsz must be a multiple of 32 from 64 to 1280")
        }
        guard (1...1024).contains(threads ?? 1) else { throw ValidationError("--threads must be 1 to 1024") }
        guard !qat || from != nil else {
            throw ValidationError("--qat finishes a model that has learned: name it with --from")
        }
        guard data != nil || (epochs == 0 && names != nil) else {
            throw ValidationError("--data names the folder with pictures and boxes")
        }
    }

    func run() throws {
        try runLab(json: json) {
            let progress = LabProgress(isQuiet: quiet)
            try progress.observing { try train(progress) }
        }
    }

    private var classNames: [String] {
        names?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty } ?? []
    }

    /// - Parameter known: the run that is to go on.
    private func chosenRecipe(_ known: DetectorRun?) throws -> DetectorRecipe {
        var chosen = try recipe.map { try DetectorRecipe(contentsOf: $0) } ?? known?.recipe ?? DetectorRecipe()
        if let epochs { chosen.epochs = epochs }
        if let batch { chosen.batch = batch }
        if let rate { chosen.rate = rate }
        if let seed { chosen.seed = seed }
        if qat { chosen.isQuantizationAware = true }
        if let imgsz, imgsz != chosen.side {
            chosen.side = imgsz
            chosen.sides = Set([-64, -32, 0, 32].map { min(max(imgsz + $0, 64), 1280) }).sorted()
        }
        if let complaint = chosen.complaint {
            throw SaccadeError(reason: "refused", message: "the recipe: \(complaint)", exitCode: 64)
        }
        return chosen
    }

    private func train(_ progress: LabProgress) throws {
        let known = resume ? try DetectorRun(folder: out) : nil
        let recipe = try chosenRecipe(known)
        let start = try from.map { try model($0) }
        guard recipe.epochs > 0, let data else {
            let names = data == nil ? classNames : try DetectionData(data ?? "", names: classNames).names
            let model = try start ?? DetectorTraining.newModel(names: names, side: recipe.side, seed: recipe.seed)
            return try OutputFolder(out).write(exportONNX(model), to: "model.onnx")
        }
        let loaded = try DetectionData(data, names: names == nil ? known?.names ?? [] : classNames)
        progress.tell(
            "\(loaded.training.count) pictures to train on, \(loaded.validation.count) for validation, "
                + "\(loaded.names.count) classes")
        var training = try DetectorTraining(
            loaded, recipe: recipe, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        training.start = start
        training.teacher = try teacher.map { try YOLODetector(modelPath: $0) }
        training.origins = try digests()
        // What does not fit is known before a folder is made.
        for note in try training.check() { progress.tell(note) }
        let folder = try OutputFolder(out)
        var line: ProgressLine?
        let outcome = try training.run(folder: folder.path, resumes: resume) { done, total in
            progress.show("reading pictures  \(done)/\(total)")
            if !progress.goesOn { throw CancellationError() }
        } observe: { state in
            if line == nil {
                line = ProgressLine(totalSteps: state.totalSteps, step: state.step - 1, at: progress.now)
                if state.step > 1 { progress.tell("goes on behind step \(state.step - 1)") }
            }
            guard var current = line else { return true }
            progress.show(state, epochs: recipe.epochs, line: &current, metrics: ["AP", "AP50"])
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
        let report = TrainDetectorReport(outcome, names: loaded.names, folder: folder.path)
        let text = try report.json()
        try folder.write(text.utf8, to: "result.json")
        try StandardOutput.write(json ? text : report.text)
    }

    /// SHA-256 of the files that a run begins with.
    private func digests() throws -> [String: String] {
        var found: [String: String] = [:]
        for (option, path) in [("from", from), ("teacher", teacher)] {
            guard let path, let data = FileManager.default.contents(atPath: path) else { continue }
            found[option] = Array(data).withUnsafeBytes { SHA256.digest($0) }
        }
        return found
    }

    private func model(_ path: String) throws -> Graph {
        do {
            return try YOLODetector.readModel(path)
        } catch { throw SaccadeError(error) }
    }
}

/// What came of a training, for people and programs.
struct TrainDetectorReport: Encodable {
    struct ClassFigures: Encodable {
        let name: String
        let objects: Int
        let ap: Double?
        let ap50: Double?
    }

    let folder: String
    let end: String
    let steps: Int
    let epochs: Int
    let bestEpoch: Int?
    let ap: Float
    let ap50: Float
    let classes: [ClassFigures]

    init(_ outcome: DetectorTraining.Outcome, names: [String], folder: String) {
        self.folder = folder
        end = outcome.summary.end.rawValue
        steps = outcome.summary.steps
        epochs = outcome.summary.epochs
        bestEpoch = outcome.summary.best.map { $0.epoch + 1 }
        ap = outcome.results.metrics["AP"] ?? 0
        ap50 = outcome.results.metrics["AP50"] ?? 0
        classes = zip(names, outcome.classes).map {
            ClassFigures(name: $0, objects: $1.objects, ap: $1.ap, ap50: $1.ap50)
        }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    var text: String {
        func figure(_ value: Double?) -> String { value.map { String(format: "%6.1f", $0 * 100) } ?? "     -" }
        let width = max(classes.map(\.name.count).max() ?? 0, 5)
        var text = "validation, weights of epoch \(bestEpoch ?? epochs) of \(epochs)\n"
        text += "class".padding(toLength: width, withPad: " ", startingAt: 0) + "  objects    AP  AP50\n"
        for entry in classes {
            let name = entry.name.padding(toLength: width, withPad: " ", startingAt: 0)
            text += name + String(format: "  %7d", entry.objects) + figure(entry.ap) + figure(entry.ap50) + "\n"
        }
        text += "mean".padding(toLength: width, withPad: " ", startingAt: 0) + "         "
        text += figure(Double(ap)) + figure(Double(ap50)) + "\nmodel: \(folder)/model.onnx\n"
        return text
    }
}
