import Evaluation
import Foundation
import Testing

private let mot15 = ProcessInfo.processInfo.environment["SACCADE_DATA"].map { $0 + "/mot15" }
    .flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }

/// TrackEval's figures for a sequence, out of Tests/Oracles/make_mot_goldens.py.
struct TrackEvalGolden: Decodable {
    let HOTA, DetA, AssA, DetRe, DetPr, AssRe, AssPr, LocA, HOTA_TP, HOTA_FN, HOTA_FP: [Double]
    let MOTA, MOTP, CLR_Re, CLR_Pr, CLR_TP, CLR_FN, CLR_FP, IDSW, Frag, MT, PT, ML: Double
    let IDF1, IDP, IDR, IDTP, IDFP, IDFN: Double
    /// Frame from 0, object, track before, track after.
    let switches: [[Int]]?

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens").path

    static func all(_ name: String) throws -> [String: TrackEvalGolden] {
        try JSONDecoder().decode([String: Self].self, from: Data(contentsOf: URL(filePath: "\(folder)/\(name).json")))
    }

    /// Expects figures to be these: counts exactly, shares to a millionth.
    func expect(_ figures: TrackingFigures, _ what: String) {
        let hota = figures.hota
        expectClose(hota.hota, HOTA, "\(what) HOTA")
        expectClose(hota.detA, DetA, "\(what) DetA")
        expectClose(hota.assA, AssA, "\(what) AssA")
        expectClose(hota.detRe, DetRe, "\(what) DetRe")
        expectClose(hota.detPr, DetPr, "\(what) DetPr")
        expectClose(hota.assRe, AssRe, "\(what) AssRe")
        expectClose(hota.assPr, AssPr, "\(what) AssPr")
        expectClose(hota.locA, LocA, "\(what) LocA")
        #expect(hota.truePositives.map(Double.init) == HOTA_TP, "\(what)")
        #expect(hota.falseNegatives.map(Double.init) == HOTA_FN, "\(what)")
        #expect(hota.falsePositives.map(Double.init) == HOTA_FP, "\(what)")
        let (summary, clear) = (figures.summary, figures.clear)
        expectClose(
            [summary.mota, summary.motp, summary.recall, summary.precision, summary.idf1, summary.idp, summary.idr],
            [MOTA, MOTP, CLR_Re, CLR_Pr, IDF1, IDP, IDR], "\(what) shares")
        let counts = [
            clear.truePositives, clear.falseNegatives, clear.falsePositives, clear.identitySwitches,
            clear.fragmentations, clear.mostlyTracked, clear.partiallyTracked, clear.mostlyLost, summary.idtp,
            summary.idfp, summary.idfn,
        ]
        #expect(
            counts.map(Double.init) == [CLR_TP, CLR_FN, CLR_FP, IDSW, Frag, MT, PT, ML, IDTP, IDFP, IDFN], "\(what)")
        expectClose([summary.hota], [HOTA.reduce(0, +) / 19], "\(what) mean HOTA")
    }
}

/// The figures of TrackEval, to a millionth.
@Suite struct TrackEvalTests {
    @Test(arguments: [("mot", "mot", MOTBenchmark.mot15), ("mot17", "mot17", .mot17), ("mot20", "mot17", .mot20)])
    func figuresAreThoseOfTrackEval(golden: String, folder: String, benchmark: MOTBenchmark) throws {
        let golden = try TrackEvalGolden.all(golden)
        let path = "\(TrackEvalGolden.folder)/\(folder)"
        let folders = try MOTFolders(truth: path + "/gt", results: path + "/results")
        #expect(folders.sequences.count == golden.count - 1)
        var evaluation = TrackingEvaluation()
        for name in folders.sequences {
            let (sequence, frameRate) = try folders.read(name, benchmark: benchmark)
            #expect(frameRate != nil)
            evaluation.append(sequence, name: name, frameRate: frameRate)
        }
        try compare(evaluation, golden)
    }

    @Test func overlapsAreTheSameNumbers() {
        // numpy.arange(0.05, 0.99, 0.05)
        let numpy = [
            0.05, 0.1, 0.15000000000000002, 0.2, 0.25, 0.3, 0.35000000000000003, 0.4, 0.45, 0.5, 0.55,
            0.6000000000000001, 0.6500000000000001, 0.7000000000000001, 0.7500000000000001, 0.8, 0.8500000000000001,
            0.9000000000000001, 0.9500000000000001,
        ]
        #expect(HOTAFigures.overlaps == numpy)
    }

    @Test(.enabled(if: mot15 != nil, "needs SACCADE_DATA")) func realGroundTruth() throws {
        let path = try #require(mot15)
        let golden = try TrackEvalGolden.all("mot15")
        var evaluation = TrackingEvaluation()
        for (number, name) in golden.keys.filter({ $0 != "COMBINED_SEQ" }).sorted().enumerated() {
            let info = try MOTSequenceInfo(contentsOf: "\(path)/\(name)/seqinfo.ini")
            let file = "\(path)/\(name)/gt/gt.txt"
            let truth = try MOTFile(contentsOf: file, role: .truth(.mot15), length: info.length)
            let results = try MOTFile(
                Data(deriveTracks(String(contentsOfFile: file, encoding: .utf8), seed: UInt64(number)).utf8),
                name: "derived", role: .results, length: info.length)
            let sequence = TrackedSequence(truth: truth, results: results, length: info.length)
            evaluation.append(sequence, name: name, frameRate: info.frameRate)
        }
        try compare(evaluation, golden)
    }

    private func compare(_ evaluation: TrackingEvaluation, _ golden: [String: TrackEvalGolden]) throws {
        for sequence in evaluation.sequences {
            let wanted = try #require(golden[sequence.name])
            wanted.expect(sequence.figures, sequence.name)
            let switches = sequence.switches.map { [$0.frame, $0.object, $0.from, $0.to] }
            #expect(switches.sorted { $0.lexicographicallyPrecedes($1) } == wanted.switches, "\(sequence.name)")
        }
        try #require(golden["COMBINED_SEQ"]).expect(evaluation.combined, "combined")
    }
}

/// Results for a ground truth; `derive` of Tests/Oracles/make_mot_goldens.py, number by number.
private func deriveTracks(_ text: String, seed: UInt64) -> String {
    var (result, taken) = ("", Set<[Int]>())
    for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
        let columns = line.split(separator: ",").prefix(6).compactMap { Double($0) }
        guard columns.count == 6 else { continue }
        let (frame, id, x, y, w, h) = (
            Int(columns[0]), Int(columns[1]), columns[2], columns[3], columns[4], columns[5]
        )
        func u(_ k: UInt64) -> Double { uniform(seed, UInt64(index), k) }
        func write(_ name: Int, _ box: [Double]) {
            result += "\(frame),\(name)," + box.map { "\($0)" }.joined(separator: ",") + ",1,-1,-1,-1\n"
        }
        let epoch = frame / 40
        let isRenamed = uniform(seed, UInt64(1_000_000 + id), UInt64(epoch)) < 0.3
        if u(0) >= 0.15 {
            let spread = 0.5 * u(1)
            write(
                isRenamed ? id + 1000 * (epoch + 1) : id,
                [
                    x + (u(2) - 0.5) * spread * w, y + (u(3) - 0.5) * spread * h, w * (1 + (u(4) - 0.5) * spread),
                    h * (1 + (u(5) - 0.5) * spread),
                ])
        }
        let wrong = 100_000 + Int(u(6) * 30)
        if u(7) < 0.1, taken.insert([frame, wrong]).inserted {
            write(wrong, [x + w * u(8), y + h * (u(9) - 0.5), w, h])
        }
    }
    return result
}
