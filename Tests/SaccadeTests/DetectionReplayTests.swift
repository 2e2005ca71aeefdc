import Detections
import Evaluation
import Foundation
import Saccade
import Testing
import Tracking

@Suite struct DetectionReplayTests {
    private let folder: TemporaryFolder
    private let sequences: [DetectionSequence]

    init() throws {
        folder = try TemporaryFolder()
        try ReplayScenes.write(to: folder.path)
        sequences = try DetectionSequence.all(at: folder.path)
    }

    private func frames(_ replay: DetectionReplay, _ sequence: DetectionSequence) -> [FrameResult] {
        var frames: [FrameResult] = []
        _ = replay.follow(sequence) { frame in
            frames.append(frame)
            return true
        }
        return frames
    }

    @Test(arguments: [1, 2, 3, 7], [false, true]) func equalsTheTrackerDrivenByHand(every: Int, isOnline: Bool) {
        for sequence in sequences {
            var replay = DetectionReplay()
            replay.schedule.detectEvery = every
            replay.isOnline = isOnline
            var (tracker, interpolator) = (Tracker(), TrackInterpolator())
            var (expected, held) = ([[Detection]](), [Double]())
            for (index, detections) in sequence.frames.enumerated() {
                let time = Double(index) / sequence.frameRate
                if index.isMultiple(of: every) {
                    let seen = tracker.update(detections: detections, at: time)
                    if isOnline { expected.append(seen) }
                    if !isOnline { expected += interpolator.advance(tracker, heldBack: held) }
                    held.removeAll()
                } else if isOnline {
                    expected.append(tracker.predicted(at: time))
                }
                held.append(time)
            }
            if !isOnline { expected += interpolator.finish(heldBack: held) }
            let frames = frames(replay, sequence)
            #expect(frames.map(\.detections) == expected)
            #expect(frames.map(\.index) == Array(0..<ReplayScenes.length))
            #expect(frames.map(\.detected) == frames.map { $0.index.isMultiple(of: every) })
            #expect(frames.map(\.seconds) == frames.map { Double($0.index) / sequence.frameRate })
            #expect(frames.contains { !$0.detections.isEmpty })
        }
    }

    @Test func framesThatDoNotExistAreCounted() throws {
        var replay = DetectionReplay()
        replay.schedule.stride = 2
        replay.schedule.detectRate = 5
        let frames = frames(replay, sequences[0])
        #expect(frames.map(\.index) == Array(stride(from: 0, to: ReplayScenes.length, by: 2)))
        let summary = try replay.run(sequences[0])
        #expect(summary.frames.isConserved)
        #expect(summary.frames.read == ReplayScenes.length)
        #expect(summary.frames.detected == frames.filter(\.detected).count)
        #expect(summary.tracks > 0)
    }

    /// Who counts updates believes that a frame's duration passed between two detections: as if the video were so much
    /// shorter, and each box where it is.
    @Test func updatesAreTheTimeOfAVideoWithoutTheSkippedFrames() {
        var replay = DetectionReplay()
        (replay.schedule.detectEvery, replay.clock) = (3, .updates)
        let sequence = sequences[0]
        let faster = DetectionSequence(
            name: sequence.name, frameRate: sequence.frameRate * 3, frames: sequence.frames)
        var byTime = replay
        byTime.clock = .time
        let (counted, expected) = (frames(replay, sequence), frames(byTime, faster))
        #expect(
            zip(counted, expected).allSatisfy { one, other in
                zip(one.detections, other.detections).allSatisfy {
                    $0.box.iou($1.box) > 0.999 && $0.trackID == $1.trackID
                }
            })
        #expect(counted.map(\.detections) != frames(byTime, sequence).map(\.detections))
        replay.schedule.detectEvery = 1
        byTime.schedule.detectEvery = 1
        #expect(frames(replay, sequence) == frames(byTime, sequence))
    }

    @Test func eachSequenceHasItsOwnFiles() throws {
        let formats: [ResultFormat] = [.jsonLines, .mot, .csv, .coco]
        let outputs = formats.map { ResultOutput($0, to: folder.file("out/")) }
        let summary = try DetectionReplay().run(sequences, to: outputs)
        #expect(summary.sources.map(\.name) == ReplayScenes.names)
        let written = try FileManager.default.contentsOfDirectory(atPath: folder.file("out")).sorted()
        #expect(
            written == ReplayScenes.names.flatMap { name in ["csv", "json", "jsonl", "txt"].map { "\(name).\($0)" } })
        _ = try DetectionReplay().run(sequences, to: [ResultOutput(.mot, to: folder.file("one.txt"))])
        #expect(try folder.text("one-CROSS-1.txt") == folder.text("out/CROSS-1.txt"))
        _ = try DetectionReplay().run(sequences[0], to: [ResultOutput(.mot, to: folder.file("alone.txt"))])
        #expect(try folder.text("alone.txt") == folder.text("out/CROSS-1.txt"))
        _ = try DetectionReplay().run(sequences, to: [ResultOutput(.yolo, to: folder.file("labels"))])
        #expect(try folder.names().contains("labels"))
    }

    @Test func outputsThatCannotBeAreRefused() throws {
        func code(_ outputs: [ResultOutput], _ sequences: [DetectionSequence]) -> Int32? {
            do throws(SaccadeError) {
                _ = try DetectionReplay().run(sequences, to: outputs)
                return nil
            } catch {
                return error.exitCode
            }
        }
        #expect(code([ResultOutput(.csv, to: "-")], sequences) == 64)
        #expect(code([ResultOutput(.mot, to: sequences[0].path ?? "")], [sequences[0]]) == 64)
        #expect(code([ResultOutput(.mot, to: folder.file("no/such/folder.txt"))], [sequences[0]]) == 73)
        let sizeless = DetectionSequence(name: "a", frameRate: 10, frames: [[]])
        #expect(code([ResultOutput(.yolo, to: folder.file("labels"))], [sizeless]) == 64)
        var replay = DetectionReplay()
        replay.schedule.detectEvery = 0
        #expect(throws: SaccadeError.self) { try replay.run(sizeless) }
    }

    @Test func aStopFinishesWhatWasRead() throws {
        var asked = 0
        let summary = try DetectionReplay().run(
            sequences[0], to: [ResultOutput(.mot, to: folder.file("stopped.txt"))],
            shouldStop: {
                asked += 1
                return asked > 20
            })
        #expect(summary.reason == "interrupted")
        #expect(summary.frames.read == 20)
        #expect(summary.frames.isConserved)
        #expect(try folder.names().contains("stopped.txt"))
    }

    private struct Expected: Sendable {
        let every: Int
        let isOnline: Bool
        let hota, idf1, mota: Double
        var switches: Int?
    }

    private static let expected = [
        Expected(every: 1, isOnline: true, hota: 46.4, idf1: 63.4, mota: 53.5, switches: 173),
        Expected(every: 1, isOnline: false, hota: 47.0, idf1: 63.5, mota: 53.7, switches: 130),
        Expected(every: 3, isOnline: false, hota: 45.2, idf1: 60.3, mota: 53.3),
        Expected(every: 6, isOnline: false, hota: 42.6, idf1: 54.9, mota: 50.5),
    ]

    @Test(.enabled(if: ReplayScenes.mot15 != nil, "needs SACCADE_DATA"), arguments: 0..<4)
    func publicDetectionsReachTheirFigures(row: Int) throws {
        let expected = Self.expected[row]
        let path = try #require(ReplayScenes.mot15)
        let benchmark = try ReplayBenchmark(truth: path, detections: DetectionSequence.all(at: path))
        var replay = DetectionReplay()
        replay.schedule.detectEvery = expected.every
        replay.isOnline = expected.isOnline
        let figures = benchmark.evaluate(replay).combined.summary
        #expect(figures.hota * 100 > expected.hota - 0.06)
        #expect(figures.idf1 * 100 > expected.idf1 - 0.06)
        #expect(figures.mota * 100 > expected.mota - 0.06)
        if let switches = expected.switches { #expect(figures.identitySwitches <= switches) }
    }
}
