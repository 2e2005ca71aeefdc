/// When the frames of a live source were captured, on the clock of this machine.
///
/// Sources count on clocks of their own. The least difference that was seen between a packet's arrival and its
/// timestamp is taken for the distance of the two clocks: the packets that came with the least delay. It may grow by a
/// thousandth of the time that passes, since clocks drift. A timestamp that leaves what that allows by more than two
/// seconds belongs to a clock that was set anew. Times ascend strictly, and none lies in the future.
package struct CaptureClock: Sendable {
    private static let tolerance = 2.0
    private static let drift = 1e-3
    private static let least = 1e-5

    private var offset: Double?
    private var lastArrival = 0.0
    private var lastCapture: Double?

    package init() {}

    /// A packet with this timestamp arrived; both in seconds.
    package mutating func observe(timestamp: Double, arrival: Double) {
        let difference = arrival - timestamp
        if let known = offset, abs(difference - known) <= Self.tolerance {
            offset = min(known + Self.drift * max(0, arrival - lastArrival), difference)
        } else {
            offset = difference
        }
        lastArrival = arrival
    }

    /// When the frame with this timestamp was captured; without one, now.
    package mutating func capture(timestamp: Double?, now: Double) -> Double {
        var time = now
        if let timestamp, let offset, abs(timestamp + offset - now) <= 2 * Self.tolerance {
            time = min(now, timestamp + offset)
        }
        if let last = lastCapture { time = max(time, last + Self.least) }
        lastCapture = time
        return time
    }

    /// Forgets the source's clock: the next connection has another. Times go on ascending.
    package mutating func reconnect() { offset = nil }
}
