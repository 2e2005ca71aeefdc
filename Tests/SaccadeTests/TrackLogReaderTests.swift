import Detections
import Foundation
import Saccade
import Testing

/// Reading a log back.
struct TrackLogReaderTests {
    static let line =
        #"{"v":1,"source":"a","frame":0,"time_s":0,"size":[9,9],"detected":true,"tracks":["#
        + #"{"id":3,"class":1,"name":"car","score":0.5,"box":[1,2,3,4],"origin":"detected"}]}"#

    private struct Log {
        var frames: [FrameResult] = []
        var labels = ClassLabels([])
        var endsTorn = false
    }

    private func read(_ data: Data) throws -> Log {
        let folder = try TemporaryFolder()
        try data.write(to: URL(fileURLWithPath: folder.file("log")))
        var reader = try TrackLogReader(path: folder.file("log"))
        var log = Log()
        while let frame = try reader.next() { log.frames.append(frame) }
        log.labels = reader.labels
        log.endsTorn = reader.endsTorn
        return log
    }

    private func read(_ text: String) throws -> Log { try read(Data(text.utf8)) }

    @Test func aLogReadAndWrittenAgainIsTheSame() throws {
        let folder = try TemporaryFolder()
        func write(_ frames: [FrameResult], _ labels: ClassLabels, to name: String) throws {
            let source = ResultSource(name: "street.mp4", medium: .video, labels: labels)
            let writer = try JSONLinesWriter(path: folder.file(name), source: source)
            for frame in frames { try writer.write(frame) }
            try writer.finish()
        }
        // Awkward fractions, from a fixed seed.
        var seed: UInt64 = 42
        func random() -> Float {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(seed >> 40) / Float(1 << 24)
        }
        var frames = SampleRun.frames
        for index in 3..<200 {
            let objects = (0..<index % 7).map { _ in
                Detection(
                    box: BoundingBox(
                        x: random() * 4000 - 50, y: random() * 2000, width: random() * 900, height: random()),
                    classIndex: Int(random() * 3), score: random(), trackID: UInt64(index),
                    origin: Detection.Origin.allCases[index % 3])
            }
            frames.append(
                FrameResult(
                    index: index, seconds: Double(index) * 1001 / 30000, detected: index % 2 == 0,
                    detections: objects, width: 3840, height: 2160))
        }
        try write(frames, SampleRun.labels, to: "first")
        let log = try read(try Data(contentsOf: URL(fileURLWithPath: folder.file("first"))))
        #expect(log.frames.count == frames.count)
        #expect(log.frames.map(\.index) == frames.map(\.index))
        #expect(log.frames.map { $0.detections.map(\.trackID) } == frames.map { $0.detections.map(\.trackID) })
        for (read, written) in zip(log.frames, frames) {
            #expect(abs(read.seconds - written.seconds) <= 5e-7)
            for (object, original) in zip(read.detections, written.detections) {
                #expect(abs(object.box.x1 - original.box.x1) < 1e-3)
                #expect(abs(object.score - original.score) < 1e-5)
                #expect(object.origin == original.origin)
            }
        }
        try write(log.frames, log.labels, to: "second")
        #expect(try folder.text("second") == folder.text("first"))
    }

    @Test func aTornLastLineEndsTheLog() throws {
        let second = Self.line.replacingOccurrences(of: "\"frame\":0", with: "\"frame\":1")
        let whole = Data((Self.line + "\n" + second).utf8)
        let firstLength = Self.line.utf8.count
        for length in 0...whole.count {
            let log = try read(whole.prefix(length))
            let complete = length == whole.count ? 2 : length >= firstLength ? 1 : 0
            #expect(log.frames.count == complete, "cut at \(length)")
            #expect(
                log.endsTorn == ![0, firstLength, firstLength + 1, whole.count].contains(length), "cut at \(length)")
        }
    }

    @Test func blankLinesCarriageReturnsAndUnknownFieldsAreAccepted() throws {
        let extended = Self.line.replacingOccurrences(of: "{\"v\":1,", with: "{\"later\":{\"x\":[1]},\"v\":1,")
        let log = try read("\n" + extended + "\r\n\r\n")
        #expect(log.frames.count == 1)
        #expect(log.labels.names == ["class 0", "car"])
    }

    @Test(arguments: [
        (#""v":1"#, #""v":2"#, TrackLogError.Kind.unsupported),
        (#""v":1,"#, "", .corrupt),
        (#""v":1"#, #""v":"1""#, .corrupt),
        (#""frame":0"#, #""frame":-1"#, .corrupt),
        (#""frame":0"#, #""frame":99999999999999999999"#, .corrupt),
        (#""frame":0"#, #""frame":1.5"#, .corrupt),
        (#""time_s":0"#, #""time_s":1e999"#, .corrupt),
        (#""time_s":0"#, #""time_s":null"#, .corrupt),
        (#""size":[9,9]"#, #""size":[9]"#, .corrupt),
        (#""size":[9,9]"#, #""size":[0,9]"#, .corrupt),
        (#""size":[9,9]"#, #""size":[9,99999999]"#, .corrupt),
        (#""detected":true"#, #""detected":1"#, .corrupt),
        (#""tracks":["#, #""track":["#, .corrupt),
        (#""id":3"#, #""id":-3"#, .corrupt),
        (#""id":3"#, #""id":"seven""#, .corrupt),
        (#""id":3,"#, "", .corrupt),
        (#""class":1"#, #""class":-1"#, .corrupt),
        (#""class":1"#, #""class":9223372036854775807"#, .corrupt),
        (#""score":0.5"#, #""score":1.5"#, .corrupt),
        (#""score":0.5"#, #""score":NaN"#, .corrupt),
        (#""box":[1,2,3,4]"#, #""box":[1,2,3]"#, .corrupt),
        (#""box":[1,2,3,4]"#, #""box":[1,2,3,1e30]"#, .corrupt),
        (#""box":[1,2,3,4]"#, #""box":[1,2,3,1e300]"#, .corrupt),
        (#""origin":"detected""#, #""origin":"guessed""#, .corrupt),
        (Self.line, "rubbish", .corrupt),
        (Self.line, "[]", .corrupt),
        (Self.line, String(repeating: "[", count: 100_000), .corrupt),
    ])
    func rubbishIsAnErrorWithItsLine(old: String, new: String, kind: TrackLogError.Kind) throws {
        #expect(Self.line.contains(old))
        let bad = Self.line.replacingOccurrences(of: old, with: new)
        let error = #expect(throws: TrackLogError.self) { _ = try read("\n" + bad + "\n") }
        #expect(error?.kind == kind)
        #expect(error?.line == 2)
        #expect(error?.exitCode == 65)
        #expect(error?.description.contains("line 2") == true)
    }

    @Test func versionsAreRefusedAlsoInTheLastLine() throws {
        let newer = Self.line.replacingOccurrences(of: "\"v\":1", with: "\"v\":2")
        #expect(throws: TrackLogError.self) { _ = try read(newer) }
    }

    @Test func framesOutOfOrder() throws {
        let error = #expect(throws: TrackLogError.self) { _ = try read(Self.line + "\n" + Self.line + "\n") }
        #expect(error?.line == 2)
    }

    @Test func linesHaveALimit() throws {
        let endless = Data(repeating: UInt8(ascii: " "), count: TrackLogReader.longestLine + 2)
        let error = #expect(throws: TrackLogError.self) { _ = try read(endless) }
        #expect(error?.kind == .tooLarge)
    }

    @Test func bytesThatAreNoText() throws {
        #expect(throws: TrackLogError.self) { _ = try read(Data([0xff, 0xfe, 0x00, 0x0a])) }
    }

    @Test func filesThatAreNotThere() throws {
        let missing = #expect(throws: TrackLogError.self) { _ = try TrackLogReader(path: "/nowhere/log") }
        #expect(missing?.exitCode == 66)
        let folder = try TemporaryFolder()
        let directory = #expect(throws: TrackLogError.self) {
            var reader = try TrackLogReader(path: folder.path)
            _ = try reader.next()
        }
        #expect(directory?.exitCode == 66)
    }
}
