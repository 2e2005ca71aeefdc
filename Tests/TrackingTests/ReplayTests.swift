import Detections
import Foundation
import Testing
import Tracking

private let data = ProcessInfo.processInfo.environment["SACCADE_DATA"].map {
    URL(filePath: $0).appending(path: "mot15")
}
.flatMap { FileManager.default.fileExists(atPath: $0.path) ? $0 : nil }

/// The public detections of five MOT15 sequences, replayed without video. Where SACCADE_REPLAY_OUT names a folder, the
/// tracks go there as `<sequence>.txt` for an evaluator.
@Suite(.enabled(if: data != nil, "needs SACCADE_DATA")) struct ReplayTests {
    private static let rates = [
        "ADL-Rundle-6": 30.0, "ETH-Sunnyday": 14, "KITTI-17": 10, "PETS09-S2L1": 7, "TUD-Campus": 25,
    ]

    /// Replays one sequence with every `every`-th frame detected; frames of boxes.
    private func replay(_ sequence: String, every: Int = 1, heldBack: Bool) throws -> [[Detection]] {
        let file = try #require(data).appending(path: "\(sequence)/det/det.txt")
        let frames = try MOTChallenge.read(String(contentsOf: file, encoding: .utf8))
        let rate = try #require(Self.rates[sequence])
        var tracker = Tracker()
        var interpolator = TrackInterpolator()
        var result: [[Detection]] = []
        var held: [Double] = []
        for (index, detections) in frames.enumerated() {
            let time = Double(index) / rate
            if index.isMultiple(of: every) {
                let seen = tracker.update(detections: detections, at: time)
                result += interpolator.advance(tracker, heldBack: held)
                held.removeAll()
                if !heldBack { result.append(seen) }
            }
            if heldBack || !index.isMultiple(of: every) { held.append(time) }
        }
        return result + interpolator.finish(heldBack: held)
    }

    private func truth(_ sequence: String) throws -> [[Detection]] {
        let file = try #require(data).appending(path: "\(sequence)/gt/gt.txt")
        let frames = try MOTChallenge.read(String(contentsOf: file, encoding: .utf8))
        return frames.map { $0.filter { $0.score != 0 } }
    }

    @Test(arguments: [false, true]) func fiveSequencesReachTheirScore(heldBack: Bool) throws {
        var score = CLEARScore()
        for sequence in Self.rates.keys.sorted() {
            let tracks = try replay(sequence, heldBack: heldBack)
            if let folder = ProcessInfo.processInfo.environment["SACCADE_REPLAY_OUT"] {
                let name = "\(folder)/\(heldBack ? "held-back" : "live")"
                try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: true)
                var text = ""
                for (index, boxes) in tracks.enumerated() {
                    for box in boxes { text += MOTChallenge.row(frame: index + 1, detection: box) + "\n" }
                }
                try text.write(toFile: "\(name)/\(sequence).txt", atomically: true, encoding: .utf8)
            }
            score.beginSequence()
            let truth = try truth(sequence)
            for index in 0..<max(truth.count, tracks.count) {
                score.add(
                    truth: index < truth.count ? truth[index] : [], tracks: index < tracks.count ? tracks[index] : [])
            }
        }
        #expect(score.mota > 0.53, "MOTA \(score.mota)")
        #expect(score.switches <= (heldBack ? 150 : 190), "\(score.switches) switches")
    }

    @Test func skippingTwoOfThreeFramesCostsLittle() throws {
        var score = CLEARScore()
        score.beginSequence()
        let tracks = try replay("PETS09-S2L1", every: 3, heldBack: true)
        for (truth, boxes) in try zip(truth("PETS09-S2L1"), tracks) { score.add(truth: truth, tracks: boxes) }
        #expect(score.mota > 0.6, "MOTA \(score.mota)")
    }
}

/// MOTA and identity switches as CLEAR defines them (Bernardin and Stiefelhagen 2008), IoU ≥ 0.5.
private struct CLEARScore {
    private var truthCount = 0
    private var missed = 0
    private var falseAlarms = 0
    private(set) var switches = 0
    private var idOfTruth: [UInt64: UInt64] = [:]
    private var assignment = LinearAssignment()

    var mota: Double { 1 - Double(missed + falseAlarms + switches) / Double(max(truthCount, 1)) }

    mutating func beginSequence() { idOfTruth.removeAll() }

    mutating func add(truth: [Detection], tracks: [Detection]) {
        // Who was matched before stays matched while the boxes still overlap.
        var costs: [Double] = []
        for person in truth {
            for track in tracks {
                let overlap = person.box.iou(track.box)
                let stays = person.trackID.flatMap { idOfTruth[$0] } == track.trackID
                costs.append(overlap >= 0.5 ? Double(1 - overlap) - (stays ? 1000 : 0) : .infinity)
            }
        }
        assignment.solve(costs: costs, rows: truth.count, columns: tracks.count, unmatchedCost: 10)
        var matched = 0
        for (row, column) in assignment.columnOfRow.enumerated() where column >= 0 {
            guard let person = truth[row].trackID, let id = tracks[column].trackID else { continue }
            matched += 1
            if let before = idOfTruth.updateValue(id, forKey: person), before != id { switches += 1 }
        }
        truthCount += truth.count
        missed += truth.count - matched
        falseAlarms += tracks.count - matched
    }
}
