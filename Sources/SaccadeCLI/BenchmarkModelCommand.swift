import ArgumentParser
import Detectors
import Imaging
import Kernels
import Media
import Saccade

struct BenchmarkModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Measure how long a detector takes for a picture, and how near it comes to what the machine can do.",
        discussion: """
            Three times are measured in the same runs: the network alone; the network with the decoding of its raw maps \
            to boxes, which is the work of a runtime that computes the whole graph (median_ms in JSON); and the whole \
            detector, from pixels to boxes.

            The peak is the rate of multiply-adds on registers alone, measured before and after, a core: products of bytes \
            (vpdpbusd where the machine has it) and of floats. The share of it is the time that the multiply-adds would \
            take at the peak of all threads, divided by the time they took.

              saccade benchmark model yolov8n.onnx --threads 2 --square
              saccade benchmark model yolov8n-int8.onnx --picture street.jpg --per-layer
              saccade benchmark model yolov8n-int8.onnx --isa avx2 --json
            """)

    @Argument(help: "The model, an ONNX file.")
    var model: String

    @Option(help: "Threads, all together.")
    var threads = 1

    @Option(
        help: ArgumentHelp(
            "Pictures that are looked at at a time, the threads spread over them. The times stay those of one picture.",
            valueName: "n"))
    var batch = 1

    @Option(help: "Runs that are measured, after three that are not.")
    var runs = 50

    @Option(
        help: ArgumentHelp(
            "The picture: an image, or a video, whose first frame it is. Default: gray, 1280×720. Its size decides the "
                + "shape of the network's input, unless --square; what is in it matters for the decoding alone.",
            valueName: "file"))
    var picture: String?

    @Option(help: ArgumentHelp("The side of the network's input. Default: what the model says.", valueName: "pixels"))
    var imgsz: Int?

    @Flag(help: "Always fill the whole square of the network's input.")
    var square = false

    @Option(
        help: ArgumentHelp(
            "Use the kernels of this instruction set: \(InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")). "
                + "Default: the best one that the machine has.", valueName: "name"))
    var isa: String?

    @Flag(help: "Print the time of each operator, the slowest first.")
    var perLayer = false

    @Flag(help: "Print JSON. Rates are per second.")
    var json = false

    func validate() throws {
        guard threads > 0, runs > 0, batch > 0 else {
            throw ValidationError("--threads, --batch and --runs must be positive")
        }
        guard threads <= 1024, batch <= 1024 else { throw ValidationError("--threads and --batch are at most 1024") }
        _ = try isa.map(Self.instructionSet)
    }

    func run() throws {
        try runReporting(json: json) {
            var options = YOLODetector.Options()
            options.imageSize = imgsz
            options.isSquare = square
            if let isa { options.instructionSet = try Self.instructionSet(isa) }
            var peak = MachinePeak.measure(instructionSet: options.instructionSet)
            let detector = try YOLODetector(modelPath: ModelCache().resolve(model), options: options)
            let benchmark = ModelBenchmark(
                detector, picture: try examplePicture(), threads: threads, frames: batch, runs: runs)
            let figures = try benchmark.measure()
            peak.raise(to: .measure(instructionSet: options.instructionSet))
            let report = ModelBenchmarkReport(
                model: model, instructionSet: options.instructionSet, picture: picture, peak: peak, figures: figures)
            try StandardOutput.write(json ? report.json(perLayer: perLayer) : report.text(perLayer: perLayer))
        }
    }

    private func examplePicture() throws -> ModelBenchmark.Picture {
        guard let picture else {
            let color = ColorDescription(matrix: .bt709, isFullRange: false)
            return ModelBenchmark.Picture(Image(width: 1280, height: 720, color: color, fill: .gray))
        }
        switch try MediaSource(picture).next() {
        case .frame(let frame): return ModelBenchmark.Picture(frame.takeImage())
        case .end:
            throw SaccadeError(reason: "eof", message: "\(picture) has no picture", exitCode: 65)
        }
    }

    /// The set of a name, when this machine runs it.
    private static func instructionSet(_ name: String) throws -> InstructionSet {
        let names = InstructionSet.allCases.filter(\.isSupported).map(\.rawValue).joined(separator: ", ")
        guard let set = InstructionSet(rawValue: name) else {
            throw ValidationError("no instruction set \(name): this machine has \(names)")
        }
        guard set.isSupported else { throw ValidationError("this machine has no \(name): it has \(names)") }
        return set
    }
}
