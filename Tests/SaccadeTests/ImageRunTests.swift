import Foundation
import Saccade
import Testing

/// Runs over images: what becomes of broken ones, and where the annotated copies go.
struct ImageRunTests {
    /// A folder with pictures of one pixel that goes away with the test.
    private final class Folder {
        static let pixel = Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC")
        static let model = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "weights/saccade-n.onnx").path

        let url: URL

        init() throws {
            url = FileManager.default.temporaryDirectory.appending(path: "saccade-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(at: url) }

        func path(_ name: String) -> String { url.appending(path: name).path }

        func put(_ name: String, _ content: Data? = Folder.pixel) throws {
            let file = url.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try #require(content).write(to: file)
        }

        func names(_ name: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
        }

        static func pipeline() throws -> VideoPipeline {
            var configuration = PipelineConfiguration(model: model)
            configuration.tracker = nil
            configuration.threads = 1
            return try VideoPipeline(configuration)
        }
    }

    @Test func unreadableImagesAreNamedAndTheOthersDone() throws {
        let folder = try Folder()
        try folder.put("in/1.png")
        try folder.put("in/2.png", Data("no picture".utf8))
        try folder.put("in/3.png")
        try FileManager.default.createSymbolicLink(atPath: folder.path("in/4.png"), withDestinationPath: "nowhere")
        let outputs = RunOutputs(
            imageFolder: folder.path("out"), results: [ResultOutput(.jsonLines, to: folder.path("log.jsonl"))])
        let summary = try Folder.pipeline().run(folder.path("in"), to: outputs)
        #expect(summary.exitCode == 75)
        #expect(summary.reason == "unsupported")
        #expect(summary.frames.read == 2)
        #expect(summary.frames.unreadableImages == 2)
        #expect(summary.notes.contains { $0.contains("2.png") })
        #expect(summary.notes.contains { $0.contains("4.png") })
        #expect(try folder.names("out") == ["1.png", "3.png"])
        #expect(summary.outputs == [folder.path("out"), folder.path("log.jsonl")])
    }

    @Test func aCopyNeverReplacesAnInput() throws {
        let folder = try Folder()
        try folder.put("in/1.png")
        let error = #expect(throws: SaccadeError.self) {
            try Folder.pipeline().run(folder.path("in/*.png"), to: RunOutputs(imageFolder: folder.path("in")))
        }
        #expect(error?.exitCode == 64)
        #expect(try Data(contentsOf: folder.url.appending(path: "in/1.png")) == Folder.pixel)
    }

    @Test func copiesOfEqualNamesGetNumbers() throws {
        let folder = try Folder()
        for name in ["a/1.png", "b/1.png", "c/1.png"] { try folder.put(name) }
        let outputs = RunOutputs(imageFolder: folder.path("out"))
        _ = try Folder.pipeline().run(folder.path("*/1.png"), to: outputs)
        #expect(try folder.names("out") == ["1-2.png", "1-3.png", "1.png"])
    }

    @Test func oneImageCannotHoldSeveral() throws {
        let folder = try Folder()
        try folder.put("in/1.png")
        let outputs = RunOutputs(imageFolder: folder.path("out.jpg"))
        _ = try Folder.pipeline().run(folder.path("in"), to: outputs)
        try folder.put("in/2.png")
        #expect(throws: SaccadeError.self) { try Folder.pipeline().run(folder.path("in"), to: outputs) }
    }

    @Test func theNameOfTheOutputSaysWhatItIs() throws {
        let folder = try Folder()
        try folder.put("in/1.png")
        let (image, images) = (folder.path("in/1.png"), folder.path("in"))
        for output in ["marked/", "marked", "marked.v2", "one.jpg", images] {
            #expect(VideoPipeline.writesImages(of: image, to: output), "\(output)")
            #expect(VideoPipeline.writesImages(of: images, to: output), "\(output)")
        }
        for output in ["-", "clip.mp4", "clip.mkv", "/dev/null"] {
            #expect(!VideoPipeline.writesImages(of: images, to: output), "\(output)")
        }
        #expect(!VideoPipeline.writesImages(of: "street.mp4", to: "street"))
        #expect(VideoPipeline.writesImages(of: "street.mp4", to: "frames/"))
    }

    @Test func anOutputThatCannotBeMadeLeavesNothingOfTheOthers() throws {
        let folder = try Folder()
        try folder.put("in/1.png")
        let outputs = RunOutputs(
            video: folder.path("missing/out.mp4"), results: [ResultOutput(.jsonLines, to: folder.path("log.jsonl"))])
        let error = #expect(throws: SaccadeError.self) {
            try Folder.pipeline().run(folder.path("in"), to: outputs)
        }
        #expect(error?.exitCode == 73)
        #expect(try folder.names("") == ["in"])
    }

    @Test func stopEndsTheWaitForASourceThatNeverBegins() throws {
        let folder = try Folder()
        #expect(mkfifo(folder.path("silent"), 0o600) == 0)
        let pipeline = try Folder.pipeline()
        let start = ContinuousClock.now
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) { pipeline.stop() }
        let error = #expect(throws: SaccadeError.self) { try pipeline.run(folder.path("silent")) }
        #expect(error?.exitCode == 130)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func anyIntervalBetweenDetectionsWorks() throws {
        let folder = try Folder()
        try folder.put("in/1.png")
        try folder.put("in/2.png")
        for interval in [1 << 40, Int.max] {
            var configuration = PipelineConfiguration(model: Folder.model)
            configuration.schedule.detectEvery = interval
            let summary = try VideoPipeline(configuration).run(
                folder.path("in"), to: RunOutputs(video: folder.path("out.mkv")))
            #expect(summary.frames.detected == 1)
            #expect(summary.frames.skipped == 1)
        }
    }
}
