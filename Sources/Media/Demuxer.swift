import CFFmpeg
import Glibc

/// Splits a container into the packets of its streams.
///
/// The container is recognised by its content, never by its name; formats and files that it refers to are refused (see
/// `ContainerFormats`, `ByteSource`). All calls run under `deadline`.
final class Demuxer {
    let streams: [StreamInfo]
    let formatName: String
    /// When the container begins, in seconds of its own clock; 0 if it does not say.
    let startSeconds: Double
    /// Seconds, as far as the container knows.
    let duration: Double?
    let metadata: [(key: String, value: String)]
    /// The file; `nil` where libav* opens the source itself (live sources).
    let bytes: ByteSource?
    /// Whether the timestamps are those of the source, and not counted by libav*.
    let hasTimestamps: Bool

    private let context: UnsafeMutablePointer<AVFormatContext>
    private let scratch: UnsafeMutablePointer<AVPacket>
    private let deadline: Deadline
    /// Seconds that a read may take; `nil` when the caller arms the deadline.
    private let stallTimeout: Double?
    /// Whether reading does not wait: then it is tried again until the deadline.
    private let isPolled: Bool
    private let name: String
    private var discontinuity: Discontinuity?

    convenience init(path: String, options: MediaOptions, deadline: Deadline) throws(MediaError) {
        try FFmpegLibraries.load()
        LogCapture.clear()
        let name = path == "-" ? "Standard input" : "'\(LogCapture.readable(path))'"
        let bytes = try ByteSource(path: path, deadline: deadline, stallTimeout: options.stallTimeout)
        deadline.arm(seconds: options.stallTimeout * 2)
        defer { deadline.disarm() }
        let opened = try Demuxer.open(bytes, name: name, options: options, deadline: deadline)
        try self.init(
            opened, bytes: bytes, name: name, deadline: deadline, stallTimeout: options.stallTimeout, isPolled: false)
    }

    /// Opens a camera or a stream; the caller arms the deadline, for this and for every `read`.
    ///
    /// Throws `auth`, `refused`, `timeout`, `not_found`, `unsupported` and the like.
    convenience init(live input: LiveInput, options: MediaOptions, deadline: Deadline) throws(MediaError) {
        let request = try LiveRequest(input, options: options)
        LogCapture.clear()
        let opened = try request.open(deadline: deadline)
        try self.init(
            opened, bytes: nil, name: input.description, deadline: deadline, stallTimeout: nil,
            isPolled: request.isPolled)
    }

    private init(
        _ opened: UnsafeMutablePointer<AVFormatContext>, bytes: ByteSource?, name: String, deadline: Deadline,
        stallTimeout: Double?, isPolled: Bool
    ) throws(MediaError) {
        guard let packet = av_packet_alloc() else {
            var freed: UnsafeMutablePointer<AVFormatContext>? = opened
            avformat_close_input(&freed)
            throw MediaError(.internalError, "Out of memory")
        }
        self.bytes = bytes
        self.name = name
        self.deadline = deadline
        self.stallTimeout = stallTimeout
        self.isPolled = isPolled
        context = opened
        scratch = packet
        streams = (0..<Int32(clamping: opened.pointee.nb_streams)).compactMap { StreamInfo(sk_stream(opened, $0)) }
        let format = opened.pointee.iformat
        formatName = format.flatMap { $0.pointee.name }.map { String(cString: $0) } ?? "unknown"
        let flags = format?.pointee.flags ?? 0
        hasTimestamps = flags & (AVFMT_NOTIMESTAMPS | AVFMT_GENERIC_INDEX) == 0 && formatName != "mpjpeg"
        let start = opened.pointee.start_time
        startSeconds = start == sk_nopts ? 0 : Double(start) / Double(AV_TIME_BASE)
        let length = opened.pointee.duration
        duration = length > 0 ? Double(length) / Double(AV_TIME_BASE) : nil
        metadata = cleanEntries(of: opened.pointee.metadata)
        if flags & AVFMT_TS_DISCONT != 0, bytes != nil { discontinuity = Discontinuity() }
    }

    deinit {
        var freedPacket: UnsafeMutablePointer<AVPacket>? = scratch
        av_packet_free(&freedPacket)
        var freed: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&freed)
        withExtendedLifetime(bytes) {}
    }

    /// Recognises the format, opens it and reads far enough to know the streams.
    private static func open(
        _ bytes: ByteSource, name: String, options: MediaOptions, deadline: Deadline
    ) throws(MediaError) -> UnsafeMutablePointer<AVFormatContext> {
        var format: UnsafePointer<AVInputFormat>?
        let probed = av_probe_input_buffer2(bytes.context, &format, nil, nil, 0, 0)
        if let failure = bytes.failure { throw failure }
        guard probed >= 0, let format, let formatName = format.pointee.name.map({ String(cString: $0) }) else {
            throw MediaError(.unsupported, "\(name) is not a video or image that FFmpeg recognises")
        }
        guard ContainerFormats.isAllowed(formatName) else {
            throw MediaError(.unsupported, "\(name) is of the format '\(formatName)', which is not read as video")
        }
        guard var context = avformat_alloc_context() else { throw MediaError(.internalError, "Out of memory") }
        context.pointee.pb = bytes.context
        context.pointee.interrupt_callback = deadline.interruptCallback
        sk_refuse_further_files(context)
        var settings: OpaquePointer?
        defer { av_dict_free(&settings) }
        av_dict_set(&settings, "protocol_whitelist", "none", 0)
        av_dict_set(&settings, "format_whitelist", formatName, 0)
        av_dict_set_int(&settings, "probesize", Int64(clamping: options.probeSize), 0)
        av_dict_set_int(&settings, "max_streams", Int64(clamping: options.maximumStreams), 0)
        av_dict_set(&settings, "fflags", "+genpts", 0)

        var opened: UnsafeMutablePointer<AVFormatContext>? = context
        let code = avformat_open_input(&opened, nil, format, &settings)
        guard code >= 0, let reopened = opened else {
            throw failure(code, of: bytes, "\(name) cannot be opened: it is damaged or incomplete")
        }
        context = reopened
        let found = findStreams(of: context, options: options)
        if found < 0 || deadline.interrupts {
            let error =
                deadline.isExpired
                ? MediaError(.timeout, "\(name) gives no complete stream within \(options.stallTimeout * 2) s")
                : failure(found < 0 ? found : sk_averror_exit, of: bytes, "\(name) has no readable stream")
            avformat_close_input(&opened)
            throw error
        }
        return context
    }

    /// Reads until the streams are known. Decoders that are tried on the way obey the limit on pixels, too.
    static func findStreams(of context: UnsafeMutablePointer<AVFormatContext>, options: MediaOptions) -> Int32 {
        var settings = [OpaquePointer?](repeating: nil, count: Int(context.pointee.nb_streams))
        for index in settings.indices { av_dict_set_int(&settings[index], "max_pixels", options.allocatedPixels, 0) }
        defer { for index in settings.indices { av_dict_free(&settings[index]) } }
        return settings.withUnsafeMutableBufferPointer { avformat_find_stream_info(context, $0.baseAddress) }
    }

    private static func failure(_ code: Int32, of bytes: ByteSource, _ message: String) -> MediaError {
        // Some demuxers say EIO of bytes that they cannot make sense of; a read that failed is in `bytes.failure`.
        bytes.failure ?? MediaError(code: code == -EIO ? sk_averror_invaliddata : code, message, fallback: .corrupt)
    }

    /// The stream of moving pictures that a player would choose: no cover, the default one, the largest.
    ///
    /// Throws `no_video` if there is none.
    func mainVideoStream() throws(MediaError) -> StreamInfo {
        let candidates = streams.filter { $0.kind == .video && !$0.isAttachedPicture }
        func rank(_ stream: StreamInfo) -> (Int, Int, Int) {
            let parameters = stream.parameters.pointee
            return (
                avcodec_find_decoder(parameters.codec_id) == nil ? 0 : 1,
                stream.disposition & AV_DISPOSITION_DEFAULT != 0 ? 1 : 0,
                Int(max(parameters.width, 0)) * Int(max(parameters.height, 0))
            )
        }
        var best: StreamInfo?
        for candidate in candidates where best.map({ rank(candidate) > rank($0) }) ?? true { best = candidate }
        guard let best else {
            let cover = streams.contains { $0.isAttachedPicture } ? " but a cover picture" : ""
            throw MediaError(.noVideo, "\(name) has no video\(cover): it holds \(contents)")
        }
        return best
    }

    private var contents: String {
        streams.isEmpty ? "no stream" : streams.map(\.label).joined(separator: ", ")
    }

    /// Lets only the streams in `wanted` out of `read`.
    func select(_ wanted: Set<Int>) {
        for stream in streams where !wanted.contains(stream.index) {
            sk_stream(context, Int32(stream.index)).pointee.discard = AVDISCARD_ALL
        }
    }

    /// A look at a stream of libavformat, for facts that `StreamInfo` does not keep.
    func withStream<Result>(_ index: Int, _ body: (UnsafeMutablePointer<AVStream>) -> Result) -> Result {
        body(sk_stream(context, Int32(index)))
    }

    func guessedFrameRate(of index: Int) -> Rational {
        Rational(av_guess_frame_rate(context, sk_stream(context, Int32(index)), nil))
    }

    enum Outcome {
        case packet(Packet)
        /// A part of the file was unreadable and was passed over.
        case damaged
        case end
    }

    /// The next packet of the selected streams.
    ///
    /// Throws when the file can be read no further for a reason that is not its end: `timeout`, `io`, `cancelled`.
    func read() throws(MediaError) -> Outcome {
        if let stallTimeout { deadline.arm(seconds: stallTimeout) }
        defer { if stallTimeout != nil { deadline.disarm() } }
        var code = av_read_frame(context, scratch)
        while isPolled, code == sk_averror_again, !deadline.interrupts {
            usleep(2000)
            code = av_read_frame(context, scratch)
        }
        if code >= 0 {
            discontinuity?.straighten(
                scratch, timeBase: sk_stream(context, scratch.pointee.stream_index).pointee.time_base)
            // A camera's packets lie in its driver's memory, which is gone when the camera is: pictures may live longer.
            guard let packet = isPolled ? Packet(copying: scratch) : Packet(moving: scratch) else {
                throw MediaError(.internalError, "Out of memory")
            }
            return .packet(packet)
        }
        // Demuxers report a failed read as the end of the file: a stall is not an end.
        if let failure = bytes?.failure { throw failure }
        if deadline.isCancelled { throw MediaError(.cancelled, "Reading \(name) was cancelled") }
        guard let bytes else {
            if deadline.isExpired { throw MediaError(.timeout, "\(name) gives no frame any more") }
            if code == sk_averror_eof { return .end }
            if code == sk_averror_invaliddata { return .damaged }
            let error = MediaError(code: code, "\(name) was lost", fallback: .lost)
            // A camera that fails is lost, whatever its driver calls it.
            throw isPolled ? MediaError(.lost, error.message, detail: error.detail) : error
        }
        switch code {
        case sk_averror_eof: return .end
        case sk_averror_exit: throw MediaError(.timeout, "No data from \(name) for \(stallTimeout ?? 0) s")
        default: return bytes.context?.pointee.eof_reached != 0 && code != sk_averror_again ? .end : .damaged
        }
    }

    /// Moves to the last key frame of `stream` at or before `ticks`. Returns whether the container can do that.
    func seek(stream: Int, to ticks: Int64) -> Bool {
        guard let bytes, let stallTimeout, bytes.isSeekable else { return false }
        deadline.arm(seconds: stallTimeout)
        defer { deadline.disarm() }
        if discontinuity != nil { discontinuity = Discontinuity() }
        return av_seek_frame(context, Int32(stream), ticks, AVSEEK_FLAG_BACKWARD) >= 0
    }
}

/// Joins the clocks of recordings that were put one behind the other (formats with discontinuous timestamps, such as
/// MPEG-TS): where the decoding time of a stream falls back, everything after it moves to where it left off.
private struct Discontinuity {
    private var offset: Int64 = 0
    private var nextByStream: [Int32: Int64] = [:]
    /// How far a clock may step back before that counts as a new clock, in microseconds.
    private let tolerance: Int64 = 500_000

    mutating func straighten(_ packet: UnsafeMutablePointer<AVPacket>, timeBase: AVRational) {
        let microseconds = AVRational(num: 1, den: AV_TIME_BASE)
        let stream = packet.pointee.stream_index
        guard packet.pointee.dts != sk_nopts else { return shift(packet, timeBase: timeBase) }
        let time = av_rescale_q(packet.pointee.dts, timeBase, microseconds)
        if let next = nextByStream[stream], time &+ offset < next &- tolerance { offset = next &- time }
        let length = av_rescale_q(max(packet.pointee.duration, 0), timeBase, microseconds)
        nextByStream[stream] = max(nextByStream[stream] ?? .min, time &+ offset &+ length)
        shift(packet, timeBase: timeBase)
    }

    private func shift(_ packet: UnsafeMutablePointer<AVPacket>, timeBase: AVRational) {
        guard offset != 0 else { return }
        let ticks = av_rescale_q(offset, AVRational(num: 1, den: AV_TIME_BASE), timeBase)
        if packet.pointee.dts != sk_nopts { packet.pointee.dts &+= ticks }
        if packet.pointee.pts != sk_nopts { packet.pointee.pts &+= ticks }
    }
}
