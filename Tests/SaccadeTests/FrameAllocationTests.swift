import CAllocationCounter
import Detections
import Detectors
import Execution
import Foundation
import Graphs
import Imaging
import Media
import Quantization
import Testing
import Tracking

/// In the steady state a frame costs no memory of the heap on any thread: from its pixels through letterbox, network,
/// decoding and suppression to tracks.
///
/// Each case runs in a process of its own, in which nobody else allocates.
@Suite struct FrameAllocationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func picture() throws -> Image {
        guard case .frame(let frame) = try MediaSource(root.appending(path: "samples/tracked-frame.jpg").path).next()
        else { throw MediaError(.noVideo, "no picture among the samples") }
        return frame.takeImage()
    }

    /// An int8 model of a float one, by one picture.
    private static func quantized(_ graph: Graph) throws -> Graph {
        guard !graph.isQuantized else { return graph }
        let detector = try YOLODetector(graph)
        let input = detector.input
        let maps = detector.rawMaps.map { ($0.name, $0.hasScores ? $0.hasBoxes ? MapKind.mixed : .scores : .values) }
        let quantizer = try Quantizer(
            graph,
            options: QuantizationOptions(
                inputShapes: [input.name: [1, 3, input.height, input.width]],
                maps: Dictionary(maps, uniquingKeysWith: { first, _ in first })))
        let image = try detector.letterboxed(picture())
        let statistics = try quantizer.statistics(
            on: CalibrationSource(count: 1) { _ in try detector.tensor(of: image) })
        return try graph.quantized(by: quantizer.recipe(from: statistics))
    }

    /// What ten frames allocate after ten others, how many objects the last of them has, and the kernels of convolutions.
    private static func allocations(
        _ model: URL, isQuantized: Bool, threads: Int
    ) throws -> (count: Int, tracks: Int, convolutions: [String]) {
        let graph = try YOLODetector.readModel(model.path)
        let detector = try YOLODetector(isQuantized ? quantized(graph) : graph)
        let image = try picture()
        let worker = try detector.makeWorker(threads: threads, pictureSize: (image.width, image.height))
        let canvas = detector.input.canvas(forWidth: image.width, height: image.height)
        let operations = try detector.plan(width: canvas.width, height: canvas.height).operations
        var tracker = Tracker()
        var (detections, tracks): ([Detection], [Detection]) = ([], [])
        func run(_ frames: Range<Int>) throws {
            for index in frames {
                try worker.detect(image, into: &detections)
                tracker.update(detections: detections, at: Double(index) / 25, into: &tracks)
            }
        }
        try run(0..<10)
        let isTraced = ProcessInfo.processInfo.environment["SACCADE_TRACE_ALLOCATIONS"] != nil
        allocation_counter_begin_everywhere(isTraced ? 1 : 0)
        try run(10..<20)
        let count = Int(allocation_counter_end_everywhere())
        return (count, tracks.count, operations.filter { $0.op == "convolution" }.map(\.kernel))
    }

    @Test(arguments: [false, true], [1, 2, 3])
    func aFrameAllocatesNothingOnAnyThread(isQuantized: Bool, threads: Int) async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [isQuantized, threads] in
            let model = Self.root.appending(path: "weights/saccade-starter.onnx")
            let result = try Self.allocations(model, isQuantized: isQuantized, threads: threads)
            #expect(result.count == 0)
            #expect(result.tracks > 0)
            #expect(result.convolutions.contains { $0.contains("_u8_") } == isQuantized)
        }
        if ProcessInfo.processInfo.environment["SACCADE_TRACE_ALLOCATIONS"] != nil {
            print(String(decoding: result?.standardErrorContent ?? [], as: UTF8.self))
        }
    }
}
