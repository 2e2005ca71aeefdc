import CFFmpeg

/// Reads a camera or a stream for as long as somebody wants it: connects, notices stalls, connects again.
///
/// Frames are stamped with the time since the first one, by when they were captured; so time goes on while a source is
/// away. Frames are never invented. Ends when cancelled, after the wanted duration, when a source with a known end has
/// reached it, and with `endsOnLoss` at the first loss.
final class LiveReader: FrameReader {
    let timeBase = Rational(1, 90_000)

    private let input: LiveInput
    private let options: MediaOptions
    private let deadline: Deadline
    private let start = MonotonicTime.now
    private var life: SourceLifecycle
    private var clock = CaptureClock()
    private var pacer = Pacer()
    private var connection: (any LiveFeed)?
    /// Seconds since the start; of the first frame.
    private var origin: Double?
    private var lastTicks: Int64 = -1
    private var position = 0
    private var losses: [MediaError.Reason: Int] = [:]
    /// Of connections that are over.
    private var pastDamage = MediaSource.Damage()

    /// Throws `unsupported` for options that make no sense for a live source.
    init(_ input: LiveInput, options: MediaOptions, deadline: Deadline) throws(MediaError) {
        guard options.startTime ?? 0 == 0, options.endTime == nil else {
            throw MediaError(
                .unsupported, "A live source has no times to begin or end at (--ss, --to): -t says how long it is read")
        }
        self.input = input
        self.options = LiveReader.adapted(options)
        self.deadline = deadline
        life = SourceLifecycle(at: 0, policy: options.live.policy)
        tell()
    }

    private static func adapted(_ options: MediaOptions) -> MediaOptions {
        var options = options
        options.decodesAtOnce = true
        return options
    }

    private var now: Double { start.age }

    /// Seconds that are left of the wanted duration.
    private var left: Double {
        guard let duration = options.duration, let origin else { return .infinity }
        return origin + duration - now
    }

    func next() throws(MediaError) -> RawFrame? {
        while left > 0 {
            if deadline.isCancelled { throw MediaError(.cancelled, "Reading \(input) was cancelled") }
            switch life.state {
            case .connecting:
                if let frame = try attempt({ () throws(MediaError) in try self.connectAndRead() }) { return frame }
                if connection?.isComplete == true { return nil }
            case .live:
                if let frame = try attempt({ () throws(MediaError) in try self.read() }) { return frame }
                if connection?.isComplete == true { return nil }
            case .stalled:
                // Only on the way out of `attempt`.
                life.lost(.timeout, at: now)
            case .backoff(let until):
                if !deadline.sleep(seconds: min(until - now, left)) { continue }
                if life.advance(to: now) { tell() }
            }
        }
        return nil
    }

    /// Runs a step of a connection under the deadline of the present state. A fault, or the end of a stream that has
    /// none, leads to the next attempt; `nil` then.
    private func attempt(_ step: () throws(MediaError) -> RawFrame?) throws(MediaError) -> RawFrame? {
        let fault: MediaError
        do throws(MediaError) {
            if let frame = try step() { return frame }
            if connection?.isComplete == true || left <= 0 { return nil }
            fault = MediaError(.reset, "\(input) ended the stream")
        } catch {
            guard error.reason != .cancelled else { throw error }
            if left <= 0 { return nil }
            fault = error
        }
        try lose(fault)
        return nil
    }

    private func connectAndRead() throws(MediaError) -> RawFrame? {
        deadline.arm(seconds: max(0.001, min((life.limit ?? .infinity) - now, left)))
        if let program = options.live.decoder {
            connection = try IsolatedFeed(input, options: options, deadline: deadline, program: program)
        } else {
            connection = try LiveConnection(input, options: options, deadline: deadline)
        }
        clock.reconnect()
        pacer = Pacer()
        life.connected(at: now)
        return try read()
    }

    private func read() throws(MediaError) -> RawFrame? {
        guard let connection else { throw MediaError(.internalError, "No connection to \(input)") }
        var limit = (life.limit ?? .infinity) - now
        if life.state == .live { limit = max(limit, connection.longestSilence) }
        deadline.arm(seconds: max(0.001, min(limit, left)))
        defer { deadline.disarm() }
        let picture = try connection.next { self.clock.observe(timestamp: $0, arrival: self.now) }
        guard let picture else { return nil }
        if connection.isPaced, let seconds = picture.seconds {
            let wait = pacer.wait(timestamp: seconds, now: now)
            guard deadline.sleep(seconds: min(wait, left)) else {
                throw MediaError(.cancelled, "Reading \(input) was cancelled")
            }
            guard left > 0 else { return nil }
        }
        return frame(picture, from: connection)
    }

    /// Gives the picture its time and its number.
    private func frame(_ picture: LivePicture, from connection: any LiveFeed) -> RawFrame {
        let arrival = now
        let captured = clock.capture(timestamp: connection.isPaced ? nil : picture.seconds, now: arrival)
        let begin = origin ?? captured
        origin = begin
        let ticks = max(lastTicks + 1, Timestamp(seconds: captured - begin, timeBase: timeBase).value)
        lastTicks = ticks
        let rate = connection.frameRate
        let frame = picture.buffer.av.pointee
        if life.received(at: arrival) {
            tell(
                content: "\(frame.width)×\(frame.height) \(connection.codecName)" + LiveReader.text(of: rate)
                    + unmet(width: frame.width, height: frame.height, rate: rate))
        }
        let duration = life.interval ?? rate.map { $0.inverse.value } ?? 0.04
        defer { position += 1 }
        return RawFrame(
            buffer: picture.buffer, time: ticks,
            duration: max(1, Timestamp(seconds: min(duration, 10), timeBase: timeBase).value), position: position,
            orientation: picture.orientation, path: nil, captured: start.advanced(by: captured))
    }

    private static func text(of rate: Rational?) -> String {
        rate.map { ", " + rateText($0.value) } ?? ""
    }

    private static func rateText(_ rate: Double) -> String {
        let value = (rate * 100).rounded() / 100
        return "\(Int(exactly: value).map(String.init) ?? "\(value)") frames/s"
    }

    /// What a camera was asked for and does not give: drivers choose what is nearest.
    private func unmet(width: Int32, height: Int32, rate: Rational?) -> String {
        guard case .device = input else { return "" }
        var wishes: [String] = []
        if let size = options.live.deviceSize {
            let sides = size.split(separator: "x").map { Int32($0) }
            if sides.count == 2, sides != [width, height] { wishes.append(LogCapture.readable(size)) }
        }
        if let wanted = options.live.deviceRate, let rate, abs(rate.value - wanted) > 0.01 * wanted {
            wishes.append(LiveReader.rateText(wanted))
        }
        return wishes.isEmpty ? "" : " (asked for \(wishes.joined(separator: ", ")))"
    }

    /// Gives up the connection: tells why, and chooses when the next is tried.
    private func lose(_ error: MediaError) throws(MediaError) {
        let wasLive = life.state == .live
        // A test source that fails does so each time; so does what no library here can read.
        var isFinal = options.live.endsOnLoss
        if case .testSource = input { isFinal = true }
        if error.reason == .unsupported, connection == nil, life.connections == 0 { isFinal = true }
        if wasLive {
            losses[error.reason, default: 0] += 1
        }
        if error.reason == .timeout, life.advance(to: max(now, life.limit ?? now)), wasLive { tell(error) }
        close()
        if isFinal { throw error }
        life.lost(error.reason, at: now)
        tell(error)
    }

    private func close() {
        if let damage = connection.map({ ($0.damagedPackets, $0.damagedReads) }) {
            pastDamage.packets += damage.0
            pastDamage.reads += damage.1
        }
        connection = nil
        deadline.disarm()
    }

    private func tell(_ error: MediaError? = nil, content: String? = nil) {
        options.live.onEvent(
            LiveEvent(
                source: input.description, state: life.state, seconds: now, error: error, content: content))
    }

    func takePackets() -> [Packet] { [] }

    var damage: MediaSource.Damage {
        var damage = pastDamage
        damage.packets += connection?.damagedPackets ?? 0
        damage.reads += connection?.damagedReads ?? 0
        return damage
    }

    var history: MediaSource.History? {
        MediaSource.History(connections: life.connections, losses: losses, downtime: life.downtime)
    }

    func describe(first: RawFrame) -> VideoInfo {
        let frame = first.buffer.av.pointee
        let own = Rational(frame.sample_aspect_ratio)
        var aspect = own.isPositive ? own : connection?.sampleAspectRatio ?? Rational(1, 1)
        if first.orientation.transposes { aspect = aspect.inverse }
        return VideoInfo(
            width: Int(first.orientation.transposes ? frame.height : frame.width),
            height: Int(first.orientation.transposes ? frame.width : frame.height),
            frameRate: connection?.frameRate ?? Rational(25, 1), estimatedFrameCount: nil, duration: nil,
            startSeconds: 0, timeBase: timeBase, orientation: first.orientation,
            color: ImageConverter.color(of: frame), colorTags: ColorTags(of: frame), sampleAspectRatio: aspect,
            pixelFormat: Scaler.name(of: AVPixelFormat(frame.format)), codecName: connection?.codecName ?? "unknown",
            containerName: connection?.formatName ?? "unknown", isInterlaced: frame.interlaced_frame != 0,
            isSeekable: false, isImageSequence: false, isLive: true, streams: [], videoStreamIndex: 0,
            deliversOtherStreams: false, metadata: [], origin: Timestamp(0, timeBase: timeBase), identities: [])
    }
}
