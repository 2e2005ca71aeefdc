import Foundation
import Saccade

extension RunSummary: CommandSummary {
    var text: String { SummaryText(self).text }
    var faults: [(message: String, reason: String)] { message.map { [($0, reason)] } ?? [] }
}

extension ListSummary: CommandSummary {
    /// A line a source, and the ages of its frames.
    var text: String {
        let width = max(6, sources.map { $0.name?.count ?? 0 }.max() ?? 0)
        func row(_ name: String, _ columns: [String]) -> String {
            name.padding(toLength: width, withPad: " ", startingAt: 0)
                + columns.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
        }
        var lines = [
            row(
                "source",
                ["frames", "detected", "a second", "skipped", "corrupt", "dropped", "lost", "age p50", "p95", "p99"])
        ]
        for source in sources {
            let frames = source.frames
            let rate = source.wallTime > 0 ? Double(frames.detected) / source.wallTime : 0
            let ages = source.age.map { age in
                [age.p50, age.p95, age.p99].map { String(format: "%.0f ms", $0 * 1000) }
            }
            let counts = [frames.read, frames.detected].map(String.init) + [String(format: "%.1f", rate)]
            let rest = [
                frames.skipped, frames.corrupt, frames.dropped, source.connections?.losses.values.reduce(0, +) ?? 0,
            ]
            lines.append(row(source.name ?? "", counts + rest.map(String.init) + (ages ?? ["-", "-", "-"])))
        }
        lines.append("\(sources.count) sources in \(SummaryText.clock(wallTime))")
        for source in sources {
            lines += source.notes.map { "\(source.name ?? ""): \($0)" } + source.outputs.map { "wrote \($0)" }
        }
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }

    var faults: [(message: String, reason: String)] {
        sources.compactMap { source in source.message.map { ("\(source.name ?? ""): \($0)", source.reason) } }
    }
}

/// A run's summary for people.
struct SummaryText {
    let text: String

    init(_ summary: RunSummary) {
        let frames = summary.frames
        var lines: [String] = []
        lines.append(
            String(
                format: "%d frames in %@ (%.1f frames/s): %d detected, %d skipped, %d corrupt, %d dropped", frames.read,
                Self.clock(summary.wallTime), summary.frameRate, frames.detected, frames.skipped, frames.corrupt,
                frames.dropped))
        lines.append("\(summary.detections) detections" + (summary.tracks > 0 ? ", \(summary.tracks) tracks" : ""))
        if !summary.stages.isEmpty {
            lines.append("stage        frames      p50      p95      p99   total")
            for stage in summary.stages + [summary.latency, summary.age].compactMap({ $0 }) {
                let name = stage.name.padding(toLength: 10, withPad: " ", startingAt: 0)
                let times = [stage.p50, stage.p95, stage.p99].map { String(format: "%6.1f ms", $0 * 1000) }
                lines.append(
                    String(format: "  %@ %6d", name, stage.count) + times.joined()
                        + String(format: "%6.1f s", stage.total))
            }
        }
        if let budget = summary.budget {
            let rate = budget.detectEvery == 1 ? "every frame" : "one in \(budget.detectEvery) frames"
            lines.append(
                String(
                    format:
                        "%.1f %% of the frames kept the latency budget of %.0f ms; at the end the detector looked at %@",
                    budget.kept * 100, budget.seconds * 1000, rate)
                    + (budget.share < 1
                        ? String(format: ", with %.0f %% of its input's sides", budget.share * 100) : ""))
        }
        if let connections = summary.connections {
            let losses = connections.losses.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
            let lost = losses.isEmpty ? "never lost" : "lost \(losses.joined(separator: ", "))"
            lines.append("the source was \(lost), and away for \(Self.clock(connections.downtime))")
        }
        if frames.predicted > 0, summary.age == nil {
            // Without a detector there are no pictures to be held.
            let reason = summary.model == nil ? "" : ": too large to be held until the next detection"
            lines.append("\(frames.predicted) skipped frames got predicted boxes\(reason)")
        }
        if frames.undecodablePackets > 0 { lines.append("\(frames.undecodablePackets) packets could not be decoded") }
        if let publication = summary.publication { lines.append(Self.line(publication)) }
        lines += summary.notes
        lines += summary.outputs.map { "wrote \($0)" }
        text = lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }

    private static func line(_ publication: RunSummary.Publication) -> String {
        let reasons = publication.dropReasons.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let losses = publication.losses.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
        var text = "published \(publication.sent) frames"
        if publication.dropped > 0 { text += ", left out \(reasons.joined(separator: ", "))" }
        if !losses.isEmpty { text += "; the stream broke \(losses.joined(separator: ", "))" }
        return text
    }

    /// Seconds as `12.3 s`, `4:05` or `1:02:03`.
    static func clock(_ seconds: Double) -> String {
        guard seconds >= 60 else { return String(format: "%.1f s", seconds) }
        let whole = Int(min(seconds, 1e9))
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }
}
