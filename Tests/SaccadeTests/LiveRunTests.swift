import Foundation
import Saccade
import Synchronization
import Testing

/// Whole runs over live sources.
@Suite(.serialized) struct LiveRunTests {
    private static let model = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "weights/saccade-n.onnx").path

    private func configuration() -> PipelineConfiguration {
        var configuration = PipelineConfiguration(model: Self.model)
        configuration.threads = 1
        configuration.source.duration = 1.5
        return configuration
    }

    @Test func framesThatAreOvertakenAreCounted() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-live-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let log = folder.appending(path: "log.jsonl").path
        let video = folder.appending(path: "video.mp4").path
        var configuration = configuration()
        // Many times faster than any detector.
        let source = "lavfi:testsrc2=size=640x640:rate=2000"
        configuration.detector.isSquare = true
        let summary = try VideoPipeline(configuration).run(
            source, to: RunOutputs(video: video, results: [ResultOutput(.jsonLines, to: log)]))
        #expect(summary.frames.dropped > 0)
        #expect(summary.frames.dropReasons == ["overtaken": summary.frames.dropped])
        #expect(summary.frames.detected > 0)
        #expect(summary.frames.isConserved)
        #expect(summary.frames.read == summary.frames.detected + summary.frames.dropped)
        #expect(summary.reason == "eof")
        #expect(summary.connections?.made == 1)
        #expect(summary.age?.count == summary.frames.detected)
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == summary.frames.detected)
        #expect(lines.allSatisfy { $0.contains("\"age_s\":") && $0.hasSuffix("}") })
    }

    /// What is skipped by the schedule does not wait for the next detection, and is not counted as dropped.
    @Test func skippedFramesGoOnAtOnce() throws {
        var configuration = configuration()
        configuration.schedule.detectEvery = 3
        let ages = Mutex<[Double]>([])
        let summary = try VideoPipeline(configuration).run(
            "lavfi:testsrc2=size=64x64:rate=10",
            onFrame: { frame in ages.withLock { $0.append(frame.age ?? .infinity) } })
        #expect(summary.frames.isConserved)
        #expect(summary.frames.detected > 0)
        #expect(summary.frames.skipped >= summary.frames.detected)
        // Held back for the next detection they would be 100 or 200 ms old.
        let sorted = ages.withLock { $0.sorted() }
        #expect(sorted[sorted.count / 2] < 0.09)
    }

    @Test func stopEndsARunThatWaits() throws {
        let pipeline = try VideoPipeline(configuration())
        let events = Mutex<[SourceEvent]>([])
        let error = #expect(throws: SaccadeError.self) {
            try pipeline.run(
                "rtsp://user:canary@127.0.0.1:1/x?password=canary",
                onSourceEvent: { event in
                    events.withLock { $0.append(event) }
                    if event.state == .backoff { pipeline.stop() }
                })
        }
        #expect(error?.exitCode == 130)
        let seen = events.withLock { $0 }
        #expect(seen.map(\.state) == [.connecting, .backoff])
        #expect(seen.last?.reason == "refused")
        #expect(!"\(seen) \(String(describing: error))".contains("canary"))
    }
}
