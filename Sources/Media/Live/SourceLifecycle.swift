/// The life of one live source: connecting → live → stalled → backoff → connecting → …, for ever.
///
///     var life = SourceLifecycle(at: 0)
///     life.connected(at: 0.3)                    // the stream is open: now a first frame must come
///     life.received(at: 0.4)                     // .live
///     life.advance(to: 1.9)                      // .stalled: no frame for 1.5 s
///     life.lost(.timeout, at: 1.9)               // .backoff(until: 2.15)
///     life.advance(to: 2.15)                     // .connecting
///
/// A pure value: times are seconds of any monotonic clock, given by the caller. `limit` says until when the caller may
/// wait before it asks again.
package struct SourceLifecycle: Sendable {
    package enum State: Equatable, Sendable {
        /// The source is being opened, or is open and has given no frame yet.
        case connecting
        /// Frames come.
        case live
        /// No frame came for the stall limit; the connection is to be given up (`lost`).
        case stalled
        /// Waiting before the next attempt.
        case backoff(until: Double)
    }

    /// The times of the promise, in seconds.
    package struct Policy: Sendable {
        /// Without a frame for so long, and for three frame intervals, a source is stalled.
        package var stall = 1.5
        /// The waits of the first minute after a loss; the last one repeats.
        package var firstWaits = [0.25, 0.5, 1, 1.5]
        package var firstPeriod = 60.0
        /// Later each wait is half as long again as the one before, up to this, less up to a fifth by chance.
        package var longestWait = 5.0
        /// The wait after an attempt that itself took as long as a wait.
        package var leastWait = 0.05
        /// The wait after wrong credentials: trying them more often locks accounts.
        package var authenticationWait = 30.0
        /// How long a first connection may take to open, and again to give its first frame.
        package var opening = 10.0
        /// The least time that a later connection has for the same: a source may return while an attempt waits in vain.
        package var reopening = 1.0
        /// A source that was live for so long begins anew with short waits when it is lost.
        package var proof = 0.5

        package init() {}
    }

    package private(set) var state = State.connecting
    /// How often frames began to come.
    package private(set) var connections = 0
    /// How often a source that was live was lost.
    package private(set) var losses = 0
    /// Seconds without frames after the first one.
    package private(set) var downtime = 0.0
    /// The mean time between frames, quick to grow; `nil` before two intervals were seen.
    package private(set) var interval: Double?

    private let policy: Policy
    private var random: UInt64
    /// When the present attempt began, or when its stream was open.
    private var stepStart: Double
    private var attemptStart: Double
    private var openSeconds: Double?
    private var slowAttempts = 0
    private var isOpen = false
    private var liveSince: Double?
    private var lastFrame: Double?
    private var firstInterval: Double?
    /// What an interval is taken for before one was measured; doubled by stalls until it fits.
    private var assumedInterval = 0.5
    private var outageStart: Double?
    private var lossStart: Double?
    private var waits = 0
    private var lastWait = 0.0

    package init(at now: Double, policy: Policy = Policy(), seed: UInt64 = 0x5ACC_ADE0) {
        self.policy = policy
        random = seed
        stepStart = now
        attemptStart = now
    }

    /// The longest time between two frames of a source that is well.
    package var stallLimit: Double { max(policy.stall, 3 * min(interval ?? assumedInterval, 20)) }

    /// How long opening may take now: twice what it took before, and after three attempts that were too slow longer each
    /// time.
    private var openLimit: Double {
        guard let openSeconds else { return policy.opening }
        let scale = Double(1 << min(max(0, slowAttempts - 2), 4))
        return min(policy.opening, max(policy.reopening, 2 * openSeconds) * scale)
    }

    /// When the present state has to end at the latest; `nil` where nothing is waited for.
    package var limit: Double? {
        switch state {
        case .connecting: stepStart + openLimit
        case .live: (lastFrame ?? stepStart) + stallLimit
        case .stalled: nil
        case .backoff(let until): until
        }
    }

    /// The stream is open; its first frame has the time of another opening.
    package mutating func connected(at now: Double) {
        guard state == .connecting else { return }
        isOpen = true
        stepStart = now
    }

    /// A frame was decoded. Returns whether the source has just become live.
    @discardableResult
    package mutating func received(at now: Double) -> Bool {
        if let last = lastFrame, state == .live { measure(now - last) }
        lastFrame = now
        guard state != .live else { return false }
        // The longer of the two steps is what an attempt needs.
        openSeconds = max(0.05, min(now - attemptStart, policy.opening))
        slowAttempts = 0
        if let start = lossStart.take() { downtime += max(0, now - start) }
        connections += 1
        liveSince = now
        state = .live
        return true
    }

    private mutating func measure(_ passed: Double) {
        guard passed >= 0 else { return }
        if let known = interval {
            interval = passed > known ? known + (passed - known) * 0.5 : known + (passed - known) * 0.05
        } else if let first = firstInterval {
            interval = (first + passed) / 2
        } else {
            firstInterval = passed
        }
    }

    /// Does what the time demands: `live` becomes `stalled`, `backoff` becomes `connecting`. A connection that is too
    /// slow to open or to give a frame becomes `stalled` too. Returns whether the state changed.
    @discardableResult
    package mutating func advance(to now: Double) -> Bool {
        guard let limit, now >= limit else { return false }
        switch state {
        case .connecting:
            slowAttempts += 1
            state = .stalled
        case .live:
            if interval == nil { assumedInterval = min(assumedInterval * 2, 20) }
            state = .stalled
        case .stalled: return false
        case .backoff:
            stepStart = now
            attemptStart = now
            isOpen = false
            state = .connecting
        }
        return true
    }

    /// The connection, or the attempt, is over: for its reason, and not because somebody wanted it. Chooses the wait.
    package mutating func lost(_ reason: MediaError.Reason, at now: Double) {
        if case .backoff = state { return }
        let wasLive = liveSince != nil
        if let since = liveSince {
            losses += 1
            let wellUntil = lastFrame ?? now
            lossStart = wellUntil
            if wellUntil - since >= policy.proof || outageStart == nil {
                outageStart = wellUntil
                waits = 0
            }
            liveSince = nil
        } else if outageStart == nil {
            outageStart = now
        }
        let pause = wait(after: reason, at: now)
        if reason == .timeout, !wasLive {
            // An attempt that waited in vain has been a wait itself; in the first minute it is enough.
            let isEarly = now - (outageStart ?? now) < policy.firstPeriod
            state = .backoff(until: max(now + policy.leastWait, isEarly ? now : attemptStart + pause))
        } else {
            state = .backoff(until: now + pause)
        }
        firstInterval = nil
    }

    private mutating func wait(after reason: MediaError.Reason, at now: Double) -> Double {
        if reason == .auth { return policy.authenticationWait }
        defer { waits += 1 }
        if now - (outageStart ?? now) < policy.firstPeriod, let last = policy.firstWaits.last {
            lastWait = waits < policy.firstWaits.count ? policy.firstWaits[waits] : last
            return lastWait
        }
        lastWait = min(policy.longestWait, max(lastWait, policy.stall) * 1.5)
        return lastWait * (1 - 0.2 * nextRandom())
    }

    /// The next number of SplitMix64, in 0..<1 (Steele, Lea and Flood 2014).
    private mutating func nextRandom() -> Double {
        random &+= 0x9E37_79B9_7F4A_7C15
        var z = random
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return Double(z >> 11) / Double(1 << 53)
    }
}
