import Evaluation
import Foundation
import Saccade

/// What `tune tracker` tells: as JSON the keys in snake case, shares from 0 to 1.
struct TuneReport: Encodable {
    let metric: String
    let detectEvery: [Int]
    let isOnline: Bool
    let trials: Int
    let seed: UInt64
    let sequences: [String]
    let parameters: [String]
    let start: TrackerTuning.Score
    let fitted: TrackerTuning.Score
    let crossValidated: TrackerTuning.Score?
    let heldOut: [TrackerTuning.HeldOut]
    /// The best configuration: all numbers by their keys.
    let configuration: [String: Double]

    init(tuner: TrackerTuner, tuning: TrackerTuning) {
        metric = tuner.metric.rawValue
        (detectEvery, isOnline, trials, seed) = (tuner.detectEvery, tuner.isOnline, tuner.trials, tuner.seed)
        sequences = tuner.benchmark.sequences.map(\.truth.name)
        parameters = tuner.parameters.map(\.name)
        (start, fitted) = (tuning.start, tuning.fitted)
        (crossValidated, heldOut) = (tuning.crossValidated, tuning.heldOut)
        configuration = Dictionary(
            uniqueKeysWithValues: TrackerParameter.all.map { ($0.name, $0.value(in: tuning.configuration)) })
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// What stands above the parameters in their file.
    var notes: [String] {
        var lines = ["Parameters of Saccade's tracker, out of: saccade tune tracker", search]
        lines.append("sequences: \(sequences.joined(separator: ", "))")
        var values = "\(metric): \(Self.percent(fitted.objective)), start \(Self.percent(start.objective))"
        if let crossValidated { values += ", cross-validated \(Self.percent(crossValidated.objective))" }
        return (lines + [values]).map(\.withoutControls)
    }

    var text: String {
        let count = sequences.count == 1 ? sequences[0] : "\(sequences.count) sequences"
        var lines = ["\(count), \(search)", ""]
        lines.append(row("", ["\(metric)", "HOTA", "IDF1", "MOTA", "IDSW"]))
        for (place, every) in detectEvery.enumerated() {
            lines.append("detect every \(every)")
            for (name, score) in scores { lines.append(row(name, score.figures[place])) }
        }
        lines.append("all")
        for (name, score) in scores { lines.append(row(name, [Self.percent(score.objective)])) }
        if !heldOut.isEmpty {
            lines += ["", row("left out", ["start", "tuned", ""])]
            for one in heldOut {
                let change = String(format: "%+.2f", (one.tuned - one.start) * 100)
                lines.append(row(one.sequence, [Self.percent(one.start), Self.percent(one.tuned), change]))
            }
        }
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }

    private var scores: [(String, TrackerTuning.Score)] {
        [("  start", start), ("  tuned, fitted", fitted)]
            + (crossValidated.map { [("  tuned, cross-validated", $0)] } ?? [])
    }

    private var search: String {
        "detections in every \(detectEvery.map(String.init).joined(separator: ", ")) frames"
            + "\(isOnline ? ", online" : ""); \(trials) trials, seed \(seed)"
    }

    private func row(_ name: String, _ summary: TrackingSummary) -> String {
        let value = TrackerTuner.Metric(rawValue: metric)?.value(summary) ?? 0
        return row(
            name, [value, summary.hota, summary.idf1, summary.mota].map(Self.percent) + ["\(summary.identitySwitches)"])
    }

    private func row(_ name: String, _ cells: [String]) -> String {
        name.leading(26) + cells.map { $0.trailing(10) }.joined()
    }

    private static func percent(_ share: Double) -> String { String(format: "%.2f", share * 100) }
}
