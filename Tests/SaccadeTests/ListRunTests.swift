import Foundation
import Saccade
import Synchronization
import Testing

/// Runs over several sources.
@Suite(.serialized) struct ListRunTests {
    private static let model = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "weights/saccade-n.onnx").path

    private let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-list-\(UUID().uuidString)")

    private func list(_ text: String) throws -> SourceList {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: "cameras.streams").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try SourceList(path: path)
    }

    private func cleanUp() { try? FileManager.default.removeItem(at: folder) }

    private func configuration(seconds: Double) -> PipelineConfiguration {
        var configuration = PipelineConfiguration(model: Self.model)
        configuration.threads = 2
        configuration.source.duration = seconds
        return configuration
    }

    @Test func namesAreTheUsersOrMadeOfTheSource() throws {
        defer { cleanUp() }
        let list = try list(
            """
            # cameras
            gate = rtsp://user:canary@10.0.0.4:8554/live?token=canary

            rtsp://user:canary@10.0.0.4:8554/live/2?token=canary
            rtsp://10.0.0.4:8554/live/2
            0
            lavfi:testsrc2=size=64x64
              /videos/a street.mp4
            """)
        #expect(
            list.entries.map(\.name) == [
                "gate", "10.0.0.4-8554-live-2", "10.0.0.4-8554-live-2-2", "camera0", "lavfi-testsrc2-size-64x64",
                "a-street",
            ])
        #expect(list.entries[0].source == "rtsp://user:canary@10.0.0.4:8554/live?token=canary")
        #expect(list.entries[5].source == "/videos/a street.mp4")
    }

    @Test(arguments: [
        ("a/b = 0", ":1: a name has"), ("a = 0\nb = 1\na = 2", ":3: the name 'a' is there twice"),
        ("\n\n-", ":3: standard input"), ("other.streams", ":1: a list cannot hold a list"),
        ("# nothing\n", "names no source"),
        (Array(repeating: "0", count: 33).joined(separator: "\n"), ":33: more than 32"),
    ]) func aWrongLineIsNamed(text: String, message: String) throws {
        defer { cleanUp() }
        let error = #expect(throws: SaccadeError.self) { try list(text) }
        #expect(error?.exitCode == 65)
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    }

    @Test func aMissingListIsNotFound() {
        let error = #expect(throws: SaccadeError.self) { try SourceList(path: "/nowhere/x.streams") }
        #expect(error?.exitCode == 66)
    }

    /// One source ends, one is never there, one cannot be read: the others lose nothing by it.
    @Test func sourcesDoNotDisturbEachOther() throws {
        defer { cleanUp() }
        let list = try list(
            """
            a = lavfi:testsrc2=size=160x120:rate=10
            b = lavfi:testsrc2=size=128x128:rate=10
            short = lavfi:testsrc2=size=160x120:rate=10:duration=0.5
            dead = rtsp://user:canary@127.0.0.1:1/x
            wrong = /nowhere.mp4
            """)
        let videos = folder.path + "/videos/"
        let log = folder.appending(path: "log.jsonl").path
        let names = Mutex<[String: Int]>([:])
        let events = Mutex<[SourceEvent]>([])
        let summary = try VideoPipeline(configuration(seconds: 2)).run(
            list, to: RunOutputs(video: videos, results: [ResultOutput(.jsonLines, to: log)]),
            onFrame: { name, _ in names.withLock { $0[name, default: 0] += 1 } },
            onSourceEvent: { event in events.withLock { $0.append(event) } })
        let sources = Dictionary(uniqueKeysWithValues: summary.sources.map { ($0.name ?? "", $0) })
        #expect(summary.sources.map(\.name) == ["a", "b", "short", "dead", "wrong"])
        for name in ["a", "b"] {
            let source = try #require(sources[name])
            #expect(source.reason == "eof")
            #expect(source.frames.isConserved)
            // Two seconds at ten frames a second; the first may take its time.
            #expect(source.frames.read >= 15)
            #expect(source.frames.detected >= 5)
            #expect(source.frames.detected + source.frames.skipped == names.withLock { $0[name] })
            let lines = try String(contentsOfFile: folder.appending(path: "log-\(name).jsonl").path, encoding: .utf8)
                .split(separator: "\n")
            #expect(lines.count == source.frames.read - source.frames.dropped)
            #expect(lines.allSatisfy { $0.contains("\"source\":\"\(name)\"") })
            let size = try FileManager.default.attributesOfItem(atPath: videos + name + ".mp4")[.size] as? Int
            #expect(size ?? 0 > 1000)
        }
        #expect(sources["short"]?.frames.read == 5)
        #expect(sources["short"]?.reason == "eof")
        #expect(sources["dead"]?.reason == "interrupted")
        #expect(sources["dead"]?.exitCode == 0)
        #expect(sources["wrong"]?.exitCode == 66)
        #expect(summary.exitCode == 66)
        let seen = events.withLock { $0 }
        #expect(Set(seen.filter { $0.state == .ended }.map(\.source)) == ["a", "b", "short", "dead", "wrong"])
        #expect(seen.contains { $0.source == "dead" && $0.state == .backoff && $0.reason == "refused" })
        #expect(!"\(seen) \(summary)".contains("canary"))
    }

    /// What can never come is waited for no longer than the wanted duration, also where the others failed at once.
    @Test func theDurationEndsAListInWhichNobodyComes() throws {
        defer { cleanUp() }
        let list = try list("dead = rtsp://127.0.0.1:1/x\nwrong = /nowhere.mp4")
        let summary = try VideoPipeline(configuration(seconds: 1)).run(list)
        #expect((1..<10).contains(summary.wallTime))
        #expect(summary.sources.map(\.reason) == ["interrupted", "not_found"])
    }

    @Test func theFirstLossEndsAllWhereThatIsWanted() throws {
        defer { cleanUp() }
        var configuration = configuration(seconds: 20)
        configuration.source.endsOnLoss = true
        let list = try list("a = lavfi:testsrc2=size=64x64:rate=10\ndead = rtsp://127.0.0.1:1/x")
        let summary = try VideoPipeline(configuration).run(list)
        #expect(summary.wallTime < 15)
        #expect(summary.exitCode != 0)
        #expect(summary.sources.map(\.reason) == ["interrupted", "refused"])
    }

    @Test func standardOutputIsForJSONLinesAlone() throws {
        defer { cleanUp() }
        let list = try list("a = lavfi:testsrc2\nb = lavfi:testsrc2")
        let pipeline = try VideoPipeline(configuration(seconds: 1))
        let error = #expect(throws: SaccadeError.self) { try pipeline.run(list, to: RunOutputs(video: "-")) }
        #expect(error?.exitCode == 64)
    }
}
