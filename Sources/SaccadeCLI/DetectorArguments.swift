import ArgumentParser
import Detectors
import Foundation
import Saccade

/// The options that say how objects are found.
struct DetectorArguments: ParsableArguments {
    @Option(
        name: [.long, .short],
        help: ArgumentHelp(
            "The detector, an ONNX file (YOLOv5, v8, 11, 26, YOLOX), or the name of one that saccade models pull has "
                + "got. Default: the weights that come with Saccade.", valueName: "file"))
    var model: String?

    @Option(help: "The least score of a detection, or of what starts a track. Default: 0.25.")
    var conf: Float?

    @Option(
        help:
            "The overlap (IoU) above which the weaker of two boxes is dropped. Default: what the model says, else 0.7.")
    var iou: Float?

    @Option(help: "The most detections of a frame.")
    var maxDet = 300

    @Flag(help: "Let boxes of different classes suppress each other.")
    var agnosticNms = false

    @Option(help: ArgumentHelp("Keep these classes alone, by name or number.", valueName: "person,car"))
    var classes: String?

    @Option(help: ArgumentHelp("The side of the network's input. Default: what the model says.", valueName: "pixels"))
    var imgsz: Int?

    @Flag(
        help: ArgumentHelp(
            "Always fill the whole square of the network's input. Default: its shape follows the pictures."))
    var square = false

    @Option(
        help: ArgumentHelp(
            "The layout of the model's outputs, where their shapes leave it open: yolov8, yolov5, yolov5-raw, yolox, "
                + "end-to-end.", valueName: "name"))
    var head: String?

    @Option(help: ArgumentHelp("Threads for the detector. Default: one a core.", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "How the threads share the frames: latency = all of them on one frame, throughput = a frame a thread, "
                + "auto = throughput, but latency for a single picture. The results are the same.", valueName: "mode"))
    var mode = DetectionMode.auto

    @Option(
        help: ArgumentHelp(
            "Frames that are looked at at a time, the threads spread over them. Default: what --mode says. It works "
                + "with every model, and the results are the same.", valueName: "n"))
    var batch: Int?

    func options() throws(SaccadeError) -> DetectorOptions {
        let path: String
        if let model { path = try ModelCache().resolve(model) } else { path = try Self.defaultModel() }
        var options = DetectorOptions(model: path)
        if let conf { options.confidence = conf }
        options.iou = iou
        options.maximumDetections = maxDet
        options.isAgnostic = agnosticNms
        if let classes {
            options.classes = classes.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { !$0.isEmpty }
            if options.classes.isEmpty {
                throw SaccadeError(
                    reason: "refused", message: "--classes names no class: leave it out to keep all", exitCode: 64)
            }
        }
        if let threads, threads < 1 {
            throw SaccadeError(reason: "refused", message: "--threads must be at least 1", exitCode: 64)
        }
        options.imageSize = imgsz
        options.isSquare = square
        options.head = head
        return options
    }

    /// The weights that come with Saccade: those in the program, or `saccade-n.onnx` in the folder that `SACCADE_WEIGHTS`
    /// names.
    static func defaultModel() throws(SaccadeError) -> String {
        guard let folder = ProcessInfo.processInfo.environment["SACCADE_WEIGHTS"], !folder.isEmpty else {
            return DefaultWeights.name
        }
        let path = "\(folder)/\(DefaultWeights.name).onnx"
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw SaccadeError(
                reason: "not_found", message: "there is no \(path), which SACCADE_WEIGHTS asks for", exitCode: 66)
        }
        return path
    }
}
