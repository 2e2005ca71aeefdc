import Detectors
import Execution
import Foundation
import Graphs
import Imaging
import Media
import Saccade
import Tensors

/// The quantized tensors of a model for one picture, as NumPy files: what another runtime is compared with.
///
/// The picture fills the network's whole canvas, and the whole graph runs. Beside `input.npy` (float32, N×C×H×W) there
/// is one file a tensor, and `tensors.json` with the name, file, scale and zero point of each. Tensors of four axes are
/// N×H×W×C, as the plan holds them.
struct TensorDump {
    private struct Entry: Encodable {
        let name: String
        let file: String
        let scale: Float?
        let zeroPoint: Int32?
    }

    private let graph: Graph
    private let detector: YOLODetector

    init(model: String, head: String?) throws {
        graph = try YOLODetector.readModel(model)
        var options = YOLODetector.Options()
        options.isSquare = true
        options.head = try head.map { (head) throws(SaccadeError) in try DetectorOptions.headName(head) }
        detector = try YOLODetector(graph, options: options)
    }

    /// Runs the network on a picture, and writes its input and its quantized tensors.
    func write(picture: String, to path: String) throws {
        let input = try detector.tensor(of: letterboxed(picture))
        let folder = try OutputFolder(path)
        let optimized = try graph.optimized(
            inputShapes: [detector.input.name: input.shape], evaluate: evaluateConstants)
        let made = optimized.nodes.flatMap(\.outputs)
        let names = Set(made.filter { optimized[$0].quantization != nil }.map { optimized[$0].name }).sorted()
        guard !names.isEmpty else {
            throw SaccadeError(
                reason: "unsupported", message: "\(graph.name) has no quantized tensors: name an int8 model",
                exitCode: 65)
        }
        let plan = try ExecutionPlan(optimized: optimized, options: ExecutionOptions(keep: names))
        let session = try Session(plan, threads: ProcessInfo.processInfo.activeProcessorCount)
        _ = try session.run([input])
        try folder.write(NumPyFile(input).bytes, to: "input.npy")
        var entries: [Entry] = []
        for (index, name) in names.enumerated() {
            let quantization = plan.kept[name]?.quantization
            let entry = Entry(
                name: name, file: "\(index).npy", scale: quantization?.scale, zeroPoint: quantization?.zeroPoint)
            try folder.write(NumPyFile(session.tensor(named: name)).bytes, to: entry.file)
            entries.append(entry)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        try folder.write(encoder.encode(entries), to: "tensors.json")
    }

    private func letterboxed(_ picture: String) throws -> LetterboxedImage {
        guard case .frame(let frame) = try MediaSource(picture).next() else {
            throw SaccadeError(reason: "corrupt", message: "\(picture) holds no picture", exitCode: 65)
        }
        return detector.letterboxed(frame.image)
    }
}
