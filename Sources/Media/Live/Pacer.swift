/// Says when pictures are due that are read faster than they are to be shown.
///
/// The first is due at once, each later one as long after it as its timestamp says. Who is late by more than a second,
/// or meets timestamps that jump, begins anew.
struct Pacer {
    private static let tolerance = 1.0
    private var anchor: (timestamp: Double, time: Double)?

    /// Seconds to wait until the picture with this timestamp is due.
    mutating func wait(timestamp: Double, now: Double) -> Double {
        if let anchor {
            let left = anchor.time + (timestamp - anchor.timestamp) - now
            if left > -Self.tolerance, left < 30 { return max(0, left) }
        }
        anchor = (timestamp, now)
        return 0
    }
}

/// Reads a file as if it were a camera: each frame is released when its time has come, and counts as captured then.
final class PacedReader: FrameReader {
    private let reader: any FrameReader
    private let deadline: Deadline
    private let start = MonotonicTime.now
    private var pacer = Pacer()

    init(_ reader: any FrameReader, deadline: Deadline) {
        self.reader = reader
        self.deadline = deadline
    }

    func next() throws(MediaError) -> RawFrame? {
        guard var frame = try reader.next() else { return nil }
        let wait = pacer.wait(timestamp: Double(frame.time) * timeBase.value, now: start.age)
        guard deadline.sleep(seconds: wait) else { throw MediaError(.cancelled, "Reading was cancelled") }
        frame.captured = .now
        return frame
    }

    var timeBase: Rational { reader.timeBase }
    func takePackets() -> [Packet] { reader.takePackets() }
    var damage: MediaSource.Damage { reader.damage }

    func describe(first: RawFrame) -> VideoInfo {
        var info = reader.describe(first: first)
        info.isLive = true
        return info
    }
}
