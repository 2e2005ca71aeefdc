import Foundation
import Saccade
import Synchronization
import Testing

/// Runs whose annotated video is published as a stream that nobody takes.
@Suite struct PublishedRunTests {
    private static let model = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "weights/saccade-n.onnx").path
    private static let closed = "tcp://127.0.0.1:1?key=canary"

    @Test func aLiveSourceOutlivesItsStream() throws {
        var configuration = PipelineConfiguration(model: Self.model)
        configuration.threads = 1
        configuration.source.duration = 1.5
        configuration.annotation.showsAge = true
        let events = Mutex<[SourceEvent]>([])
        let summary = try VideoPipeline(configuration).run(
            "lavfi:testsrc2=size=64x64:rate=10", to: RunOutputs(video: Self.closed),
            onSourceEvent: { event in events.withLock { $0.append(event) } })
        #expect(summary.frames.isConserved)
        #expect(summary.reason == "eof")
        let publication = try #require(summary.publication)
        #expect(publication.sent == 0)
        #expect(publication.dropped == summary.frames.read - summary.frames.dropped)
        #expect(publication.dropReasons == ["unreachable": publication.dropped])
        let told = events.withLock { $0.filter { $0.subject == .output } }
        #expect(!told.isEmpty)
        #expect(told.allSatisfy { $0.state == .backoff && $0.reason == "refused" })
        #expect(!"\(summary) \(events.withLock { $0 })".contains("canary"))
    }

    @Test func aFileEndsWithItsStream() throws {
        let image = FileManager.default.temporaryDirectory.appending(path: "saccade-\(UUID().uuidString).ppm")
        defer { try? FileManager.default.removeItem(at: image) }
        try (Data("P6\n64 64\n255\n".utf8) + Data(repeating: 90, count: 64 * 64 * 3)).write(to: image)
        var configuration = PipelineConfiguration(model: Self.model)
        configuration.threads = 1
        let pipeline = try VideoPipeline(configuration)
        let error = #expect(throws: SaccadeError.self) {
            try pipeline.run(image.path, to: RunOutputs(video: Self.closed))
        }
        #expect(error?.reason == "refused")
        #expect(error?.exitCode == 73)
        #expect(error.map { !$0.message.contains("canary") } ?? false)
    }
}
