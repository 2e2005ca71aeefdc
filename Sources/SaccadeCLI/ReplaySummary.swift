import Saccade

/// What the tracker did alone with the detections of several sequences.
struct ReplaySummary: CommandSummary {
    let list: ListSummary

    func encode(to encoder: any Encoder) throws { try list.encode(to: encoder) }

    var faults: [(message: String, reason: String)] { [] }
    var exitCode: Int32 { 0 }

    /// A line a sequence.
    var text: String {
        let width = min(max(8, list.sources.map { $0.name?.count ?? 0 }.max() ?? 0), 32)
        func row(_ name: String, _ columns: [String]) -> String {
            name.leading(width) + columns.map { $0.trailing(11) }.joined()
        }
        var lines = [row("sequence", ["frames", "detected", "skipped", "predicted", "detections", "tracks"])]
        var frames = 0
        for source in list.sources {
            let counts = [
                source.frames.read, source.frames.detected, source.frames.skipped, source.frames.predicted,
                source.detections, source.tracks,
            ]
            frames += source.frames.read
            lines.append(row(source.name ?? "", counts.map(String.init)))
        }
        lines.append("\(list.sources.count) sequences, \(frames) frames in \(SummaryText.clock(list.wallTime))")
        lines += list.sources.flatMap(\.outputs).map { "wrote \($0)" }
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }
}
