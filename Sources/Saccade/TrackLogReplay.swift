import Media

/// Gives frames the boxes that a track log has for them.
final class TrackLogReplay: @unchecked Sendable {
    // Sendable: used by one stage alone.
    private var reader: TrackLogReader
    private var next: FrameResult?

    /// Opens the log and reads its first frame, so that rubbish ends a run before it begins.
    init(path: String) throws(TrackLogError) {
        reader = try TrackLogReader(path: path)
        next = try reader.next()
    }

    /// What the user should know of the log.
    var damage: String? {
        reader.endsTorn ? "the track log breaks off in its last line, as the log of a killed run does" : nil
    }

    /// Frames come in ascending order.
    func fill(_ frame: inout Frame) throws(TrackLogError) {
        while let candidate = next, candidate.index < frame.info.index { next = try reader.next() }
        frame.labels = reader.labels
        guard let found = next, found.index == frame.info.index else {
            if frame.fate != .corrupt { frame.fate = .skipped }
            return
        }
        frame.detections = found.detections
        if frame.fate != .corrupt { frame.fate = found.detected ? .detected : .skipped }
    }
}
