import CFFmpeg
package import Imaging

/// Writes pictures as a stream: to an RTSP server, over UDP or TCP as MPEG-TS, over SRT, or to an RTMP server.
///
///     let writer = try StreamWriter(address, source: source.info)
///     try writer.write(frame.image, at: frame.info.timestamp, duration: frame.info.duration)
///     writer.finish()
///
/// Pictures leave at once: the encoder holds none back, and a key frame with all headers comes at least once a second,
/// so that who tunes in later need not wait. Without `retries` a fault is an error of `write`. With it the stream is
/// tried again as a source would be (see `SourceLifecycle`), and the pictures of the meantime are left out. One thread
/// at a time uses a writer; each call returns within `Options.longestWait`, but for the resolution of a name.
package final class StreamWriter: @unchecked Sendable {
    // Sendable: used by one thread at a time, as the contract says; `cancel` only reaches the atomic deadline.
    package struct Options: Sendable {
        package var encoder = EncoderOptions()
        /// Whether a stream that cannot be reached, or breaks, is tried again.
        package var retries = false
        /// Seconds that opening, or sending one picture, may take.
        package var longestWait = 5.0
        package var policy = SourceLifecycle.Policy()
        /// Called when the stream comes and goes, by the thread that writes.
        package var onEvent: @Sendable (LiveEvent) -> Void = { _ in }

        package init() {}
    }

    /// What became of the pictures.
    package struct Summary: Sendable {
        package var sent = 0
        /// Pictures that nobody was there for.
        package var unreachable = 0
        /// How often the stream came up.
        package var connections = 0
        /// How often it broke, by reason.
        package var losses: [MediaError.Reason: Int] = [:]
    }

    package let address: StreamAddress
    private let options: Options
    private let origin: Timestamp
    private let frameRate: Rational
    private let encoder: VideoEncoder
    private let deadline = Deadline()
    private let start = MonotonicTime.now
    private var connection: StreamConnection?
    /// Begins anew with the first picture, which may come late.
    private var life: SourceLifecycle
    private var hasTried = false
    private var counts = Summary()

    /// A stream of the frames of a source.
    package convenience init(
        _ address: StreamAddress, source info: VideoInfo, options: Options = Options()
    ) throws(MediaError) {
        try self.init(address, video: VideoParameters(info), origin: info.origin, options: options)
    }

    /// Throws `unsupported` for the encoder or the form of the stream; without `retries` also what `StreamConnection`
    /// throws, since it connects at once then.
    package init(
        _ address: StreamAddress, video: VideoParameters, origin: Timestamp? = nil, options: Options = Options()
    ) throws(MediaError) {
        self.address = address
        self.options = options
        self.origin = origin ?? Timestamp(0, timeBase: video.timeBase)
        frameRate = video.frameRate
        var settings = options.encoder
        settings.isLive = true
        encoder = try VideoEncoder(
            video, options: settings, hasGlobalHeader: StreamConnection.hasGlobalHeader(address))
        life = SourceLifecycle(at: 0, policy: StreamWriter.policy(options))
        if !options.retries {
            connection = try connect()
            counts.connections = 1
        }
    }

    private static func policy(_ options: Options) -> SourceLifecycle.Policy {
        var policy = options.policy
        policy.opening = min(policy.opening, options.longestWait)
        return policy
    }

    /// Whether the last picture was sent.
    package var isUp: Bool { connection != nil }

    package var summary: Summary { counts }

    private var now: Double { start.age }

    private func connect() throws(MediaError) -> StreamConnection {
        deadline.arm(seconds: min(options.longestWait, max(0.1, (life.limit ?? .infinity) - now)))
        defer { deadline.disarm() }
        return try StreamConnection(address, encoder: encoder, frameRate: frameRate, deadline: deadline)
    }

    /// Compresses and sends a picture that is shown at `timestamp` for `duration` ticks of its time base; with
    /// `retries` it may be left out, and counted.
    package func write(_ image: borrowing Image, at timestamp: Timestamp, duration: Int64) throws(MediaError) {
        guard try isReachable() else {
            counts.unreachable += 1
            return
        }
        let timeBase = encoder.timeBase
        let time = timestamp.rescaled(to: timeBase).value &- origin.rescaled(to: timeBase).value
        let length = Timestamp(duration, timeBase: timestamp.timeBase).rescaled(to: timeBase).value
        var fault: MediaError?
        deadline.arm(seconds: options.longestWait)
        try encoder.encode(image, at: time, duration: length) { self.send($0, &fault) }
        deadline.disarm()
        if let fault {
            counts.unreachable += 1
            try lose(fault)
        } else {
            counts.sent += 1
            if options.retries, life.received(at: now) {
                counts.connections += 1
                tell(content: "\(encoder.context.pointee.width)×\(encoder.context.pointee.height) \(encoder.codecName)")
            }
        }
    }

    /// Sends a packet, unless one before it failed: a fault of the network is none of the encoder.
    private func send(_ packet: UnsafeMutablePointer<AVPacket>, _ fault: inout MediaError?) {
        guard fault == nil, let connection else { return }
        do throws(MediaError) { try connection.write(packet) } catch { fault = error }
    }

    /// Whether there is a connection, after an attempt when it is time for one.
    private func isReachable() throws(MediaError) -> Bool {
        if connection != nil { return true }
        guard options.retries else { throw MediaError(.reset, "\(address) broke off").ofOutput }
        if !hasTried { life = SourceLifecycle(at: now, policy: StreamWriter.policy(options)) }
        hasTried = true
        if case .backoff = life.state { life.advance(to: now) }
        guard life.state == .connecting else { return false }
        do throws(MediaError) {
            connection = try connect()
        } catch {
            try lose(error)
            return false
        }
        // Who is new can begin with a key frame alone.
        encoder.restart()
        life.connected(at: now)
        return true
    }

    /// Gives up the connection: throws why, or tells it and chooses when the next is tried.
    private func lose(_ error: MediaError) throws(MediaError) {
        connection = nil
        guard options.retries else { throw error }
        guard error.reason != .cancelled else { return }
        if life.state == .live { counts.losses[error.reason, default: 0] += 1 }
        life.lost(error.reason, at: now)
        tell(error)
    }

    private func tell(_ error: MediaError? = nil, content: String? = nil) {
        options.onEvent(
            LiveEvent(source: address.description, state: life.state, seconds: now, error: error, content: content))
    }

    /// Sends what the encoder holds and ends the stream. Without `retries` it throws when that fails.
    package func finish() throws(MediaError) -> Summary {
        if connection != nil {
            var fault: MediaError?
            deadline.arm(seconds: min(1, options.longestWait))
            try encoder.drain { self.send($0, &fault) }
            deadline.disarm()
            connection = nil
            if let fault, !options.retries { throw fault }
        }
        return counts
    }

    /// Ends the stream at once.
    package func abandon() {
        cancel()
        connection = nil
    }

    /// Makes the call in progress return soon; may be called from any thread.
    package func cancel() { deadline.cancel() }
}
