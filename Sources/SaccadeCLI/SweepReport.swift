import Evaluation
import Foundation
import Plots
import Saccade

/// What `benchmark sweep` tells: as JSON the keys in snake case, shares from 0 to 1.
struct SweepReport: Encodable {
    struct Row: Encodable {
        /// The frames from one detection to the next.
        let detectEvery: Int
        /// `file`: skipped frames get boxes from both sides; `online`: they are predicted.
        let boxes: String
        /// `time` or `updates`.
        let clock: String
        let detectionsPerFrame: Double
        let figures: TrackingSummary
        /// Of a whole run over the video; left out where none was made.
        var framesPerSecond: Double?
    }

    let groundTruth: String
    let detections: String
    let sequences: [String]
    let frames: Int
    private(set) var rows: [Row]

    init(groundTruth: String, detections: String, sweep: ReplaySweep) throws(SaccadeError) {
        (self.groundTruth, self.detections) = (groundTruth, detections)
        sequences = sweep.benchmark.sequences.map(\.truth.name)
        frames = sweep.benchmark.sequences.reduce(0) { $0 + $1.detections.frames.count }
        rows = try sweep.rows().map { row in
            Row(
                detectEvery: row.interval, boxes: row.isOnline ? "online" : "file",
                clock: row.clock.rawValue, detectionsPerFrame: row.looks, figures: row.evaluation.combined.summary)
        }
    }

    /// Whole runs are runs over files, by time.
    mutating func setFrameRate(_ rate: Double, of interval: Int) {
        for index in rows.indices where rows[index].boxes == "file" && rows[index].clock == "time" {
            if rows[index].detectEvery == interval { rows[index].framesPerSecond = rate }
        }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    var csv: String {
        var text = "boxes,clock,detect_every,detections_per_frame,hota,mota,idf1,identity_switches,frames_per_s\n"
        for row in rows {
            let shares = [row.detectionsPerFrame, row.figures.hota, row.figures.mota, row.figures.idf1]
            text += ([row.boxes, row.clock, String(row.detectEvery)] + shares.map { String(format: "%.6f", $0) })
                .joined(separator: ",")
            text += ",\(row.figures.identitySwitches),"
            text += (row.framesPerSecond.map { String(format: "%.2f", $0) } ?? "") + "\n"
        }
        return text
    }

    var text: String {
        let count = sequences.count == 1 ? sequences[0] : "\(sequences.count) sequences"
        var lines = ["\(detections): \(count), \(frames) frames"]
        for (boxes, title) in Self.titles {
            for clock in DetectionReplay.Clock.allCases {
                lines += ["", title + ", " + clock.words]
                lines.append(
                    "detect every" + ["HOTA", "MOTA", "IDF1", "IDSW"].map { $0.trailing(8) }.joined()
                        + "detections/frame".trailing(18) + "frames/s".trailing(10))
                for row in rows where row.boxes == boxes && row.clock == clock.rawValue {
                    let shares = [row.figures.hota, row.figures.mota, row.figures.idf1]
                    lines.append(
                        String(row.detectEvery).trailing(12)
                            + shares.map { String(format: "%.2f", $0 * 100).trailing(8) }.joined()
                            + String(row.figures.identitySwitches).trailing(8)
                            + String(format: "%.3f", row.detectionsPerFrame).trailing(18)
                            + (row.framesPerSecond.map { String(format: "%.1f", $0) } ?? "-").trailing(10))
                }
            }
        }
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }

    /// HOTA and IDF1 over the interval, above for files and below online.
    var svg: String {
        let figures: [(name: String, value: (TrackingSummary) -> Double)] = [("HOTA", \.hota), ("IDF1", \.idf1)]
        let highest = rows.flatMap { row in figures.map { $0.value(row.figures) } }.max() ?? 1
        let top = (min(max(highest, 0.1), 1) * 10).rounded(.up) * 10
        let plots = Self.titles.map { boxes, title in
            let lines = figures.flatMap { figure in
                DetectionReplay.Clock.allCases.map { clock in
                    LinePlot.Line(
                        name: "\(figure.name), \(clock == .time ? "real time" : "updates counted")",
                        points: rows.filter { $0.boxes == boxes && $0.clock == clock.rawValue }.map {
                            (x: Double($0.detectEvery), y: figure.value($0.figures) * 100)
                        }.sorted { $0.x < $1.x },
                        drawing: clock == .time ? .lineWithPoints : .dashed)
                }
            }
            return LinePlot(
                title: title, x: PlotAxis("detections in every n-th frame"),
                y: PlotAxis("share", unit: "%", range: 0...top), lines: lines, style: .equal,
                size: (480, 260))
        }
        return LinePlot.stacked(plots)
    }

    private static let titles = [
        ("file", "Files: skipped frames from both sides"), ("online", "Online: skipped frames predicted"),
    ]
}

extension DetectionReplay.Clock {
    /// In words.
    fileprivate var words: String {
        switch self {
        case .time: "by the time that passed"
        case .updates: "by counted updates"
        }
    }
}
