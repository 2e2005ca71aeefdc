import CAllocationCounter
import Detections
import Detectors
import Execution
import Foundation
import Graphs
import Imaging
import Media
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

    /// What ten frames allocate after ten others, how many objects the last of them has, and the kernels of convolutions.
    private static func allocations(
        isQuantized: Bool, threads: Int
    ) throws -> (count: Int, tracks: Int, convolutions: [String]) {
        let model = root.appending(path: "weights/saccade-n.onnx").path
        let detector = try YOLODetector(isQuantized ? YOLODetector.readModel(model) : floatStarter())
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
        // The least of three: a thread of the system's that starts in between costs something once, a frame every time.
        var count = Int.max
        for part in 1...3 {
            allocation_counter_begin_everywhere(isTraced ? 1 : 0)
            try run(10 * part..<10 * (part + 1))
            count = min(count, Int(allocation_counter_end_everywhere()))
        }
        return (count, tracks.count, operations.filter { $0.op == "convolution" }.map(\.kernel))
    }

    @Test(arguments: [false, true], [1, 2, 3])
    func aFrameAllocatesNothingOnAnyThread(isQuantized: Bool, threads: Int) async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [isQuantized, threads] in
            let result = try Self.allocations(isQuantized: isQuantized, threads: threads)
            #expect(result.count == 0)
            #expect(result.tracks > 0)
            #expect(result.convolutions.contains { $0.contains("_u8_") } == isQuantized)
        }
        if ProcessInfo.processInfo.environment["SACCADE_TRACE_ALLOCATIONS"] != nil {
            print(String(decoding: result?.standardErrorContent ?? [], as: UTF8.self))
        }
    }
}
