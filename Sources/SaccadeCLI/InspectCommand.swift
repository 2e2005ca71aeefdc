import ArgumentParser
import Detections
import Detectors
import Execution
import Foundation
import Graphs
import Imaging
import Saccade
import Tensors

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Tell what a model is and how Saccade will use it.",
        discussion: """
            Prints inputs, outputs and operators, and, for a detector, what was inferred: head, classes, letterbox, \
            colour order. With --tensors it writes the quantized tensors of an int8 model for the picture --image as \
            NumPy files, to compare them with another runtime's.
            """)

    @Argument(help: "The model, an ONNX file.")
    var model: String

    @Option(help: ArgumentHelp("Take this layout of the outputs.", valueName: "name"))
    var head: String?

    @Option(help: ArgumentHelp("Write the quantized tensors for --image as NumPy files.", valueName: "folder"))
    var tensors: String?

    @Option(help: ArgumentHelp("The picture for --tensors.", valueName: "file"))
    var image: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (tensors == nil) == (image == nil) else { throw ValidationError("--tensors and --image go together") }
    }

    func run() throws {
        try runReporting {
            let model = try ModelCache().resolve(model)
            if let tensors, let image {
                return try TensorDump(model: model, head: head).write(picture: image, to: tensors)
            }
            let description = try ModelDescription(path: model, head: head)
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
                try StandardOutput.write(String(decoding: try encoder.encode(description), as: UTF8.self) + "\n")
            } else {
                try StandardOutput.write(description.text)
            }
        }
    }
}

/// What `inspect` tells of a model.
struct ModelDescription: Encodable {
    struct Port: Encodable {
        let name: String
        let shape: String
        let dtype: String
    }

    struct Detector: Encodable {
        let head: String
        let classes: [String]
        let width: Int
        let height: Int
        let letterbox: String
        let channelOrder: String
        let scale: Float
        let labelsFrom: String
        /// The raw maps from which boxes are decoded, or why the graph's own tail does it.
        let decoding: String
        /// For which shapes of pictures the network is planned.
        let shapes: String
    }

    let file: String
    let inputs: [Port]
    let outputs: [Port]
    let nodes: Int
    let operators: [String: Int]
    let parameters: Int
    let multiplyAdds: Int?
    let metadata: [String: String]
    let detector: Detector?
    /// Why the model is no detector.
    let notADetector: String?

    init(path: String, head: String?) throws {
        var options = YOLODetector.Options()
        if let head {
            options.head = try DetectorOptions.headName(head)
        }
        let graph = try YOLODetector.readModel(path)
        file = path
        inputs = graph.inputs.map { id in
            let extents = graph[id].declared?.map(\.description) ?? graph[id].shape?.dimensions.map(String.init) ?? []
            return Port(name: graph[id].name, shape: extents.joined(separator: "×"), dtype: graph[id].dtype.rawValue)
        }
        nodes = graph.nodes.count
        operators = Dictionary(graph.nodes.map { ($0.op.name, 1) }, uniquingKeysWith: +)
        parameters = graph.constants.values.filter { $0.dtype == .float32 }.reduce(0) { $0 + $1.shape.count }
        metadata = graph.metadata
        do {
            let found = try YOLODetector(graph, options: options)
            let plan = try found.plan(width: found.input.width, height: found.input.height)
            outputs = plan.outputs.map {
                Port(name: $0.name, shape: $0.shape.description, dtype: $0.dtype.rawValue)
            }
            multiplyAdds = plan.operations.reduce(0) { $0 + $1.multiplyAdds }
            detector = Detector(
                head: found.head.name.rawValue, classes: found.labels.names, width: found.input.width,
                height: found.input.height, letterbox: found.input.letterbox.rawValue,
                channelOrder: found.input.channelOrder.rawValue, scale: found.input.scale,
                labelsFrom: ModelMetadata(graph.metadata).labels == nil ? "the number of classes" : "metadata",
                decoding: found.rawHead.map { "from raw maps: \($0.description)" }
                    ?? "by the graph: \(found.wholeGraphReason ?? "")",
                shapes: found.squareReason.map { "one for all pictures: \($0)" }
                    ?? "the picture's, in steps of \(found.input.stride)")
            notADetector = nil
        } catch {
            outputs = graph.outputs.map { id in
                Port(
                    name: graph[id].name, shape: graph.shape(of: id)?.description ?? "?",
                    dtype: graph[id].dtype.rawValue)
            }
            multiplyAdds = nil
            detector = nil
            notADetector = "\(error)"
        }
    }

    var text: String {
        var lines = [file]
        lines += inputs.map { "  input      \($0.name): \($0.shape) \($0.dtype)" }
        lines += outputs.map { "  output     \($0.name): \($0.shape) \($0.dtype)" }
        let sorted = operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        lines.append("  nodes      \(nodes): " + sorted.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        lines.append("  parameters \(parameters)")
        if let multiplyAdds { lines.append(String(format: "  work       %.2f GMAC", Double(multiplyAdds) / 1e9)) }
        if let detector {
            lines.append("  head       \(detector.head)")
            lines.append(
                "  classes    \(detector.classes.count), from \(detector.labelsFrom): "
                    + detector.classes.prefix(8).joined(separator: ", ") + (detector.classes.count > 8 ? ", …" : ""))
            lines.append(
                "  pixels     \(detector.width)×\(detector.height) \(detector.channelOrder) × "
                    + String(format: "%.6g", detector.scale) + ", letterbox \(detector.letterbox)")
            lines.append("  shape      \(detector.shapes)")
            lines.append("  decoding   \(detector.decoding)")
        }
        if let notADetector { lines.append("  no detector: \(notADetector)") }
        for key in metadata.keys.sorted() where key != "names" {
            lines.append("  metadata   \(key): \(metadata[key]?.prefix(100) ?? "")")
        }
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }
}
