import Evaluation
import Foundation
import Saccade
import Testing

@Suite struct ReplaySweepTests {
    @Test func figuresAreThoseOfTheFilesThatAReplayWrites() throws {
        let folder = try TemporaryFolder()
        try ReplayScenes.write(to: folder.file("scenes"))
        try compare(folder.file("scenes"), folder)
    }

    @Test(.enabled(if: ReplayScenes.mot15 != nil, "needs SACCADE_DATA"))
    func figuresOfPublicDetectionsAreThoseOfTheirFiles() throws {
        try compare(#require(ReplayScenes.mot15), TemporaryFolder())
    }

    private func compare(_ path: String, _ folder: TemporaryFolder) throws {
        let sequences = try DetectionSequence.all(at: path)
        let benchmark = try ReplayBenchmark(truth: path, detections: sequences)
        let rows = try ReplaySweep(benchmark, intervals: [1, 3]).rows()
        #expect(rows.count == 8)
        for row in rows {
            var replay = DetectionReplay()
            (replay.isOnline, replay.clock) = (row.isOnline, row.clock)
            replay.schedule.detectEvery = row.interval
            _ = try replay.run(sequences, to: [ResultOutput(.mot, to: folder.file("tracks/"))])
            let folders = try MOTFolders(truth: path, results: folder.file("tracks"))
            var evaluation = TrackingEvaluation()
            for name in folders.sequences {
                let (sequence, rate) = try folders.read(name)
                evaluation.append(sequence, name: name, frameRate: rate)
            }
            #expect(evaluation.combined == row.evaluation.combined)
            #expect(evaluation.sequences.map(\.figures) == row.evaluation.sequences.map(\.figures))
            #expect(evaluation.combined.clear.truePositives > 0)
        }
        // Where every frame is looked at, updates are time.
        #expect(rows[0].evaluation.combined == rows[2].evaluation.combined)
        #expect(rows[1].evaluation.combined != rows[3].evaluation.combined)
        #expect(abs(rows[1].looks - 1.0 / 3) < 0.01)
    }

    @Test func whatIsMissingIsSaid() throws {
        let folder = try TemporaryFolder()
        try ReplayScenes.write(to: folder.path)
        let sequences = try DetectionSequence.all(at: folder.path)
        let missing = #expect(throws: SaccadeError.self) {
            try ReplayBenchmark(truth: folder.path, detections: [sequences[0]])
        }
        #expect(missing?.exitCode == 66)
        #expect(missing?.message == "there are no detections of the sequence CROSS-2")
        let long = DetectionSequence(
            name: "CROSS-1", frameRate: 25, frames: Array(repeating: [], count: ReplayScenes.length + 1))
        let beyond = #expect(throws: SaccadeError.self) {
            try ReplayBenchmark(truth: folder.path, detections: [long], sequences: ["CROSS-1"])
        }
        #expect(beyond?.exitCode == 65)
    }
}
