import ArgumentParser
import Foundation
import Saccade

struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Make an int8 model of a float detector, and prove that it is faster and as good.",
        discussion: """
            The network is watched on calibration pictures: a hundred of the kind that it will see, without labels. With \
            a labelled set (COCO instances) average precision is measured before and after; without one the agreement of \
            the two models on the calibration pictures is. The result is a standard QDQ ONNX file.

              saccade quantize yolov8n.onnx --calibration photos/ -o yolov8n-int8.onnx
              saccade quantize yolov8n.onnx --calibration train/ -o int8.onnx --eval instances_val.json --eval-images val/

            A model that is slower than float, or worse by more than --max-drop points, is not written: exit code 65. \
            --force writes it all the same.
            """)

    @Argument(help: "The float model, an ONNX detector.")
    var model: String

    @Option(help: ArgumentHelp("The pictures to watch: a folder of images, or a video.", valueName: "path"))
    var calibration: String

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("The int8 model to write.", valueName: "file"))
    var output: String

    @Option(help: ArgumentHelp("Use so many of the calibration pictures at most.", valueName: "n"))
    var calibrationLimit = 128

    @Option(help: ArgumentHelp("Measure both models on this labelled set: COCO instances (JSON).", valueName: "file"))
    var eval: String?

    @Option(
        help: ArgumentHelp(
            "The images of --eval. Default: a folder beside the file that is called alike.", valueName: "folder"))
    var evalImages: String?

    @Option(
        help: ArgumentHelp(
            "What may be lost: hundredths of average precision, or per cent of agreement.", valueName: "points"))
    var maxDrop = 0.5

    @Flag(help: "Write the model though it is slower or worse than allowed.")
    var force = false

    @Option(
        help: ArgumentHelp(
            "Keep the tensors float whose names begin so, as the report names them. Repeatable.", valueName: "name"))
    var keepFloat: [String] = []

    @Option(help: ArgumentHelp("How many changes to try on the calibration pictures.", valueName: "n"))
    var trials = 360

    @Option(help: ArgumentHelp("Threads for one picture. Default: one a core.", valueName: "n"))
    var threads: Int?

    @Flag(help: "Fill the whole square of the network's input, in calibration and in measuring.")
    var square = false

    @Option(
        help: ArgumentHelp("The layout of the model's outputs, where their shapes leave it open.", valueName: "name"))
    var head: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    func validate() throws {
        guard evalImages == nil || eval != nil else { throw ValidationError("--eval-images needs --eval") }
        guard threads.map({ $0 > 0 }) ?? true else { throw ValidationError("--threads must be at least 1") }
    }

    func run() throws {
        try runReporting(json: json) {
            var configuration = QuantizationConfiguration(
                model: try ModelCache().resolve(model), calibration: calibration, output: output)
            configuration.calibrationLimit = calibrationLimit
            configuration.evaluation = eval.map { .init(annotations: $0, images: evalImages) }
            configuration.maximumDrop = maxDrop
            configuration.isForced = force
            configuration.trials = trials
            configuration.floatTensors = keepFloat
            configuration.threads = threads ?? 0
            configuration.isSquare = square
            configuration.head = head
            let quantizer = try ModelQuantizer(configuration)
            let progress = QuantizationProgressLine(isQuiet: quiet)
            let summary: QuantizationSummary
            do throws(SaccadeError) {
                summary = try progress.observing(stop: quantizer.stop) { () throws(SaccadeError) in
                    try quantizer.run(progress: progress.show)
                }
            } catch {
                guard let signal = progress.signal, error.exitCode == 130 else { throw error }
                throw SaccadeError(reason: error.reason, message: error.message, exitCode: 128 + signal)
            }
            for picture in summary.leftOut {
                StandardError.write("saccade: \(picture.path) is left out: \(picture.reason)".withoutControls + "\n")
            }
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
                encoder.keyEncodingStrategy = .convertToSnakeCase
                try StandardOutput.write(String(decoding: try encoder.encode(summary), as: UTF8.self) + "\n")
            } else {
                try StandardOutput.write(summary.text)
            }
            guard !summary.refusals.isEmpty else { return }
            let reasons = summary.refusals.joined(separator: "; ")
            if summary.isWritten {
                StandardError.write("saccade: \(output) is written though \(reasons)".withoutControls + "\n")
            } else {
                StandardError.write(
                    "saccade: error: \(output) is not written: \(reasons); --force writes it, --max-drop allows more"
                        .withoutControls + " [reason: refused]\n")
                throw ExitCode(65)
            }
        }
    }
}
