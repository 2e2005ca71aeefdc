import CFFmpeg

/// One connection to who takes a stream, from its opening to its first fault. The caller arms the deadline, for the
/// opening and for every write.
final class StreamConnection {
    private let address: StreamAddress
    private let deadline: Deadline
    private let context: UnsafeMutablePointer<AVFormatContext>
    private let timeBase: AVRational
    private var lastDecodingTime: Int64?
    private var isOpen = false

    /// Whether the form of an address wants the encoder's headers once, beside the pictures.
    static func hasGlobalHeader(_ address: StreamAddress) throws(MediaError) -> Bool {
        try format(of: address).pointee.flags & AVFMT_GLOBALHEADER != 0
    }

    private static func format(of address: StreamAddress) throws(MediaError) -> UnsafePointer<AVOutputFormat> {
        try FFmpegLibraries.load()
        guard let format = av_guess_format(address.formatName, nil, nil) else {
            throw MediaError(.unsupported, "This build of FFmpeg cannot write \(address)")
        }
        return UnsafePointer(format)
    }

    /// Connects, and tells what will come.
    ///
    /// Throws `auth`, `refused`, `timeout`, `not_found`, `unsupported` and the like.
    init(
        _ address: StreamAddress, encoder: VideoEncoder, frameRate: Rational, deadline: Deadline
    ) throws(MediaError) {
        self.address = address
        self.deadline = deadline
        timeBase = encoder.context.pointee.time_base
        LogCapture.clear()
        let format = try Self.format(of: address)
        var made: UnsafeMutablePointer<AVFormatContext>?
        guard avformat_alloc_output_context2(&made, format, nil, address.url.secret) >= 0, let made else {
            throw MediaError(.internalError, "Out of memory")
        }
        context = made
        made.pointee.interrupt_callback = deadline.interruptCallback
        made.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS
        guard avformat_query_codec(format, encoder.context.pointee.codec_id, FF_COMPLIANCE_NORMAL) != 0 else {
            throw MediaError(.unsupported, "\(address) cannot carry video of '\(encoder.codecName)': use libx264")
        }
        guard let video = avformat_new_stream(made, nil),
            avcodec_parameters_from_context(video.pointee.codecpar, encoder.context) >= 0
        else { throw MediaError(.internalError, "Out of memory") }
        video.pointee.time_base = timeBase
        video.pointee.avg_frame_rate = frameRate.av
        video.pointee.sample_aspect_ratio = encoder.context.pointee.sample_aspect_ratio
        var settings: OpaquePointer?
        defer { av_dict_free(&settings) }
        for (key, value) in address.settings { av_dict_set(&settings, key, value, 0) }
        if format.pointee.flags & AVFMT_NOFILE == 0 {
            var callback = deadline.interruptCallback
            let code = avio_open2(&made.pointee.pb, address.url.secret, AVIO_FLAG_WRITE, &callback, &settings)
            guard code >= 0 else { throw failure(code, "\(address) cannot be opened") }
        }
        let code = avformat_write_header(made, &settings)
        guard code >= 0 else { throw failure(code, "\(address) cannot be opened") }
        isOpen = true
    }

    /// Says goodbye, which takes half a second at the most.
    deinit {
        deadline.arm(seconds: 0.5)
        // It also closes the connections of a format that has its own.
        if isOpen { _ = av_write_trailer(context) }
        if context.pointee.oformat.pointee.flags & AVFMT_NOFILE == 0 { avio_closep(&context.pointee.pb) }
        avformat_free_context(context)
        deadline.disarm()
    }

    /// Sends a packet of the encoder.
    func write(_ packet: UnsafeMutablePointer<AVPacket>) throws(MediaError) {
        packet.pointee.stream_index = 0
        av_packet_rescale_ts(packet, timeBase, sk_stream(context, 0).pointee.time_base)
        if let last = lastDecodingTime, packet.pointee.dts <= last {
            packet.pointee.dts = last &+ 1
            packet.pointee.pts = max(packet.pointee.pts, packet.pointee.dts)
        }
        lastDecodingTime = packet.pointee.dts
        var code = av_write_frame(context, packet)
        if code >= 0, let pb = context.pointee.pb { code = min(0, pb.pointee.error) }
        // The muxer of RTSP forgets what its connection said.
        if code >= 0, deadline.interrupts { code = sk_averror_exit }
        guard code >= 0 else { throw failure(code, "\(address) broke off") }
    }

    private func failure(_ code: Int32, _ message: String) -> MediaError {
        if deadline.isCancelled { return MediaError(.cancelled, "Writing \(address) was cancelled").ofOutput }
        if deadline.isExpired { return MediaError(.timeout, "\(address) does not answer").ofOutput }
        // libav* says EIO of names that do not resolve, and of who hangs up.
        let fallback: MediaError.Reason = isOpen ? .reset : .refused
        let error = MediaError(code: code, message, fallback: fallback)
        let isVague = error.reason == .io || code == sk_averror_eof || code == sk_averror_invaliddata
        return (isVague ? MediaError(fallback, message, detail: error.detail) : error).ofOutput
    }
}
