import Foundation
import Saccade

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
        if let connections = summary.connections {
            let losses = connections.losses.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
            let lost = losses.isEmpty ? "never lost" : "lost \(losses.joined(separator: ", "))"
            lines.append("the source was \(lost), and away for \(Self.clock(connections.downtime))")
        }
        if frames.predicted > 0, summary.age == nil {
            lines.append(
                "\(frames.predicted) skipped frames got predicted boxes: too large to be held until the next detection")
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
