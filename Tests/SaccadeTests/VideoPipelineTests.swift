import Detections
import Foundation
import Imaging
import Media
import Saccade
import Testing

/// What the tests of whole runs need: the data's videos, the model of the repository, and a folder that goes away.
private struct Fixture: ~Copyable {
    static let data = ProcessInfo.processInfo.environment["SACCADE_DATA"]
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let model = root.appending(path: "weights/saccade-n.onnx").path

    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "saccade-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }
    func contents(_ name: String) throws -> Data { try Data(contentsOf: folder.appending(path: name)) }

    static func video(_ name: String) -> String { "\(data ?? "")/video/\(name)" }
    static func sample(_ name: String) -> String { root.appending(path: "samples/\(name)").path }
}

/// Runs over a clip that the tests make themselves: a street of the samples, in gray and at half its size, that moves by.
@Suite(.serialized) struct DrawnClipTests {
    private static let frameCount = 24

    private func makeClip(_ path: String) throws {
        guard case .frame(let street) = try MediaSource(Fixture.sample("tracked-frame.jpg")).next() else {
            Issue.record("the sample has no picture")
            return
        }
        let color = ColorDescription(matrix: .bt601, isFullRange: false)
        let rate = Rational(25, 1)
        var settings = VideoWriter.Options()
        settings.encoder.preset = "ultrafast"
        let (width, height) = (street.image.width / 4 * 2, street.image.height / 4 * 2)
        let video = VideoParameters(width: width, height: height, timeBase: rate.inverse, frameRate: rate, color: color)
        let writer = try VideoWriter(path: path, video: video, options: settings)
        for number in 0..<Self.frameCount {
            let image = Image(width: width, height: height, color: color, fill: .black)
            for y in 0..<height {
                let (row, source) = (image.y.row(y), street.image.y.row(2 * y))
                for x in 0..<width { row[x] = source[min(2 * (x + number), street.image.width - 1)] }
            }
            try writer.write(image, at: Timestamp(Int64(number), timeBase: rate.inverse), duration: 1)
        }
        _ = try writer.finish()
    }

    private func configuration(threads: Int = 2, detectEvery: Int = 3) -> PipelineConfiguration {
        var configuration = PipelineConfiguration(model: Fixture.model)
        configuration.threads = threads
        configuration.detector.confidence = 0.2
        configuration.schedule.detectEvery = detectEvery
        return configuration
    }

    @Test func resultsDoNotDependOnThreadsOrOnTheHoldBackLimit() throws {
        let fixture = try Fixture()
        try makeClip(fixture.path("clip.mkv"))
        for (name, threads, limit) in [("a", 1, 1 << 30), ("b", 2, 1 << 30), ("c", 4, 1 << 30), ("d", 2, 1)] {
            var configuration = configuration(threads: threads)
            configuration.holdBackLimit = limit
            let outputs = RunOutputs(
                video: fixture.path("\(name).mp4"),
                results: [ResultOutput(.jsonLines, to: fixture.path("\(name).jsonl"))])
            let summary = try VideoPipeline(configuration).run(fixture.path("clip.mkv"), to: outputs)
            #expect(summary.frames.read == Self.frameCount)
            #expect(summary.frames.detected == Self.frameCount / 3)
            #expect(summary.frames.predicted == 0)
            #expect(summary.frames.isConserved)
            #expect(try fixture.contents("\(name).jsonl") == fixture.contents("a.jsonl"))
        }
        let log = String(decoding: try fixture.contents("a.jsonl"), as: UTF8.self)
        #expect(log.contains("\"origin\":\"detected\""))
        #expect(log.contains("\"origin\":\"interpolated\""))
    }

    @Test(
        arguments: [
            (DetectionMode.auto, nil), (.latency, nil), (.throughput, nil), (.auto, 1), (.auto, 2), (.throughput, 2),
            (.auto, 3), (.auto, 16),
        ] as [(DetectionMode, Int?)])
    func resultsDoNotDependOnTheModeOrTheBatch(mode: DetectionMode, batch: Int?) throws {
        let fixture = try Fixture()
        try makeClip(fixture.path("clip.mkv"))
        for (name, threads) in [("alone", 1), ("shared", 3)] {
            var configuration = configuration(threads: threads, detectEvery: 1)
            if threads > 1 { (configuration.mode, configuration.batch) = (mode, batch) }
            let summary = try VideoPipeline(configuration).run(
                fixture.path("clip.mkv"),
                to: RunOutputs(results: [ResultOutput(.jsonLines, to: fixture.path("\(name).jsonl"))]))
            #expect(summary.frames.detected == Self.frameCount)
            #expect(summary.detections > 0)
        }
        #expect(try fixture.contents("shared.jsonl") == fixture.contents("alone.jsonl"))
    }

    @Test func threadsAreSpreadOverTheFrames() {
        #expect(PipelineConfiguration.workers(threads: 4, frames: 1) == [4])
        #expect(PipelineConfiguration.workers(threads: 4, frames: 4) == [1, 1, 1, 1])
        #expect(PipelineConfiguration.workers(threads: 5, frames: 3) == [2, 2, 1])
        #expect(PipelineConfiguration.workers(threads: 2, frames: 8) == [1, 1])
    }

    @Test func aPipelineCanRunAgainAfterItWasStopped() throws {
        let fixture = try Fixture()
        try makeClip(fixture.path("clip.mkv"))
        let pipeline = try VideoPipeline(configuration(detectEvery: 1))
        let stopped = try pipeline.run(fixture.path("clip.mkv")) { if $0.index == 2 { pipeline.stop() } }
        #expect(stopped.reason == "interrupted")
        #expect(stopped.frames.isConserved)
        let whole = try pipeline.run(fixture.path("clip.mkv"))
        #expect(whole.reason == "eof")
        #expect(whole.frames.detected == Self.frameCount)
    }

    @Test func manyThreadsEndAndTooManyAreRefused() throws {
        let fixture = try Fixture()
        try makeClip(fixture.path("clip.mkv"))
        let summary = try VideoPipeline(configuration(threads: 128)).run(fixture.path("clip.mkv"))
        #expect(summary.frames.read == Self.frameCount)
        #expect(throws: SaccadeError.self) { try VideoPipeline(configuration(threads: 129)) }
    }

    @Test func theModelIsNoOutput() throws {
        let fixture = try Fixture()
        try makeClip(fixture.path("clip.mkv"))
        try FileManager.default.copyItem(atPath: Fixture.model, toPath: fixture.path("model.onnx"))
        var configuration = configuration()
        configuration.detector.model = fixture.path("model.onnx")
        let pipeline = try VideoPipeline(configuration)
        let outputs = RunOutputs(results: [ResultOutput(.csv, to: fixture.path("model.onnx"))])
        let error = #expect(throws: SaccadeError.self) { try pipeline.run(fixture.path("clip.mkv"), to: outputs) }
        #expect(error?.exitCode == 64)
    }

    @Test(arguments: [["person , car"], ["person,car"], ["person", "car"]])
    func blurredClassesMayBeListedInAnyWay(classes: [String]) throws {
        var configuration = configuration()
        configuration.annotation.blurredClasses = classes
        _ = try VideoPipeline(configuration)
        configuration.annotation.blurredClasses = classes + ["unicorn"]
        #expect(throws: SaccadeError.self) { try VideoPipeline(configuration) }
    }
}

@Suite(.enabled(if: Fixture.data != nil, "needs SACCADE_DATA"), .serialized) struct VideoPipelineTests {
    /// Two seconds of a street with people, every third frame detected.
    private func configuration(threads: Int = 2) -> PipelineConfiguration {
        var configuration = PipelineConfiguration(model: Fixture.model)
        configuration.threads = threads
        configuration.schedule.detectEvery = 3
        configuration.source.duration = 1.6
        return configuration
    }

    private let street = Fixture.video("TUD-Campus.mp4")

    @Test func resultsDoNotDependOnTheNumberOfThreads() throws {
        let fixture = try Fixture()
        for threads in 1...4 {
            let summary = try VideoPipeline(configuration(threads: threads)).run(
                street, to: RunOutputs(results: [ResultOutput(.jsonLines, to: fixture.path("\(threads).jsonl"))]))
            #expect(summary.frames.read == 40)
            #expect(summary.frames.detected == 14)
            #expect(summary.frames.skipped == 26)
            #expect(summary.frames.isConserved)
        }
        let first = try fixture.contents("1.jsonl")
        #expect(first.count > 10_000)
        for threads in 2...4 { #expect(try fixture.contents("\(threads).jsonl") == first) }
    }

    @Test func skippedFramesAreTrackedBetweenDetections() throws {
        final class Frames: @unchecked Sendable { var results: [FrameResult] = [] }
        let frames = Frames()  // written by one stage, read after the run
        _ = try VideoPipeline(configuration()).run(street) { frames.results.append($0) }
        #expect(frames.results.map(\.index) == Array(0..<40))
        let between = frames.results.filter { !$0.detected && $0.index > 6 && $0.index < 36 }
        #expect(between.allSatisfy { !$0.detections.isEmpty })
        #expect(between.flatMap(\.detections).contains { $0.origin == .interpolated })
        #expect(frames.results.flatMap(\.detections).allSatisfy { $0.trackID != nil })
    }

    @Test func pastTheHoldBackLimitTheFileIsDecodedTwice() throws {
        let fixture = try Fixture()
        for (name, limit) in [("held", 256 << 20), ("twice", 1)] {
            var configuration = configuration()
            configuration.holdBackLimit = limit
            let outputs = RunOutputs(
                video: fixture.path("\(name).mkv"),
                results: [ResultOutput(.jsonLines, to: fixture.path("\(name).jsonl"))])
            let summary = try VideoPipeline(configuration).run(street, to: outputs)
            #expect(summary.frames.predicted == 0)
            #expect(summary.frames.isConserved)
        }
        #expect(try fixture.contents("held.jsonl") == fixture.contents("twice.jsonl"))
        #expect(try fixture.contents("held.mkv").count == fixture.contents("twice.mkv").count)
    }

    @Test func whatCannotBeReadTwiceGetsPredictedBoxes() throws {
        let fixture = try Fixture()
        let fifo = fixture.path("street")
        #expect(mkfifo(fifo, 0o600) == 0)
        let feeder = Process()
        feeder.executableURL = URL(filePath: "/usr/bin/env")
        feeder.arguments = ["sh", "-c", "cat '\(Fixture.video("vtest.avi"))' > '\(fifo)'"]
        feeder.standardError = FileHandle.nullDevice
        try feeder.run()
        defer { feeder.terminate() }
        var configuration = configuration()
        configuration.holdBackLimit = 1
        let summary = try VideoPipeline(configuration).run(fifo, to: RunOutputs(video: fixture.path("out.mkv")))
        #expect(summary.frames.read == 16)
        #expect(summary.frames.predicted == summary.frames.skipped)
        #expect(summary.frames.isConserved)
    }

    @Test func aLogCanBeDrawnLater() throws {
        let fixture = try Fixture()
        let outputs = RunOutputs(
            video: fixture.path("direct.mkv"), results: [ResultOutput(.jsonLines, to: fixture.path("log.jsonl"))])
        _ = try VideoPipeline(configuration()).run(street, to: outputs)
        var source = SourceOptions()
        source.duration = 1.6
        let summary = try TrackRenderer(source: source).run(
            street, tracks: fixture.path("log.jsonl"), to: fixture.path("later.mkv"))
        #expect(summary.frames.read == 40)
        let drawn = try difference(fixture.path("direct.mkv"), street)
        #expect(drawn > 0.2, "there is something to see")
        // The log has hundredths of pixels: here and there an edge lies in the next pixel.
        let moved = try difference(fixture.path("direct.mkv"), fixture.path("later.mkv"))
        #expect(moved < 0.1 * drawn, "\(moved) of \(drawn)")
    }

    /// The mean difference of the luma of two videos, frame by frame, as long as both last.
    private func difference(_ first: String, _ second: String) throws -> Double {
        let (a, b) = (try MediaSource(first), try MediaSource(second))
        var (sum, count) = (0, 0)
        while case .frame(let one) = try a.next(), case .frame(let other) = try b.next() {
            for y in 0..<one.image.height {
                let (left, right) = (one.image.y.row(y), other.image.y.row(y))
                for x in 0..<one.image.width { sum += abs(Int(left[x]) - Int(right[x])) }
            }
            count += one.image.width * one.image.height
        }
        return Double(sum) / Double(count)
    }

    @Test func stopEndsTheRunInGoodOrder() throws {
        let fixture = try Fixture()
        let pipeline = try VideoPipeline(PipelineConfiguration(model: Fixture.model))
        let outputs = RunOutputs(video: fixture.path("out.mp4"))
        let summary = try pipeline.run(street, to: outputs) { if $0.index == 5 { pipeline.stop() } }
        #expect(summary.reason == "interrupted")
        #expect(summary.frames.read < 71)
        #expect(summary.frames.isConserved)
        // The file is complete: it can be tracked itself, and has every frame that was read.
        let copy = try VideoPipeline(configuration()).run(fixture.path("out.mp4"))
        #expect(copy.frames.read == summary.frames.read)
    }

    @Test func aFileThatBreaksOffIsProcessedAsFarAsItGoes() throws {
        let fixture = try Fixture()
        let whole = try Data(contentsOf: URL(filePath: Fixture.video("vtest.avi")))
        try whole.prefix(400_000).write(to: URL(filePath: fixture.path("half.avi")))
        var configuration = PipelineConfiguration(model: Fixture.model)
        configuration.schedule.detectEvery = 20
        let summary = try VideoPipeline(configuration).run(fixture.path("half.avi"))
        #expect((20...100).contains(summary.frames.read))
        #expect(summary.frames.isConserved)
    }
}

@Suite struct VideoPipelineErrorTests {
    @Test func whatIsNotThereIsSaidWithItsExitCode() throws {
        let missing = #expect(throws: SaccadeError.self) {
            try VideoPipeline(PipelineConfiguration(model: "no-such.onnx"))
        }
        #expect(missing?.exitCode == 66)
        #expect(missing?.reason == "not_found")
        let pipeline = try VideoPipeline(PipelineConfiguration(model: Fixture.model))
        let error = #expect(throws: SaccadeError.self) { try pipeline.run("no-such.mp4") }
        #expect(error?.exitCode == 66)
        #expect(error?.reason == "not_found")
    }

    @Test func optionsThatMakeNoSenseAreRefused() {
        for change: (inout PipelineConfiguration) -> Void in [
            { $0.detector.confidence = 1.5 }, { $0.detector.confidence = .nan }, { $0.detector.iou = -1 },
            { $0.schedule.detectEvery = 0 }, { $0.schedule.stride = 0 }, { $0.schedule.detectRate = 0 },
            { $0.detector.imageSize = 0 }, { $0.encoder.crf = 99 }, { $0.annotation.lineWidth = -1 },
            { $0.annotation.trace = .nan }, { $0.source.duration = 0 },
            {
                $0.source.start = 5
                $0.source.end = 3
            }, { $0.annotation.blurredClasses = ["unicorn"] }, { $0.threads = -1 },
            { $0.detector.classes = ["unicorn"] }, { $0.detector.head = "yolov99" },
            { $0.batch = 0 }, { $0.batch = 129 },
            {
                $0.mode = .latency
                $0.batch = 2
            },
        ] {
            var configuration = PipelineConfiguration(model: Fixture.model)
            change(&configuration)
            #expect(throws: SaccadeError.self) { try VideoPipeline(configuration) }
        }
    }

    @Test func anOutputMayNotBeTheInput() throws {
        let pipeline = try VideoPipeline(PipelineConfiguration(model: Fixture.model))
        let error = #expect(throws: SaccadeError.self) {
            try pipeline.run(Fixture.model, to: RunOutputs(video: Fixture.model))
        }
        #expect(error?.exitCode == 64)
    }
}
