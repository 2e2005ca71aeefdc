import CFFmpeg
import Glibc

/// What libav* is asked for when a live source is opened: address, format, options, and what it may reach.
struct LiveRequest {
    private let input: LiveInput
    private let address: String
    private let formatName: String?
    private let settings: [(String, String)]
    private let options: MediaOptions
    /// Whether reads return at once when there is nothing: devices, which no interrupt callback reaches.
    let isPolled: Bool

    /// Throws `unsupported` when a library for it is missing.
    init(_ input: LiveInput, options: MediaOptions) throws(MediaError) {
        self.input = input
        self.options = options
        let live = options.live
        // What a stream may open besides itself: the segments of a playlist, the connections of a session.
        let formats = ContainerFormats.video.union(["hls", "rtsp", "mp3", "aac"]).sorted().joined(separator: ",")
        var settings = [
            ("format_whitelist", formats), ("probesize", "\(options.probeSize)"), ("fflags", "+genpts"),
            ("max_streams", "\(options.maximumStreams)"),
            // The rate is measured later: waiting for twenty frames would delay the first.
            ("analyzeduration", "1500000"), ("fpsprobesize", "0"), ("max_ts_probe", "1"),
        ]
        switch input {
        case .device(let path):
            try FFmpegLibraries.loadDevices()
            address = path
            formatName = "video4linux2"
            isPolled = true
            settings = [("protocol_whitelist", "none")]
            if let size = live.deviceSize { settings.append(("video_size", size)) }
            if let rate = live.deviceRate { settings.append(("framerate", "\(rate)")) }
            if let format = live.deviceFormat { settings.append(("input_format", format)) }
        case .testSource(let graph):
            try FFmpegLibraries.loadDevices()
            address = graph
            formatName = "lavfi"
            isPolled = false
            settings = [("protocol_whitelist", "file")]
        case .stream(let url):
            try FFmpegLibraries.load()
            address = url.secret
            isPolled = false
            switch url.scheme {
            case "rtsp", "rtsps":
                formatName = nil
                settings.append(("protocol_whitelist", "rtp,udp,tcp,tls"))
                settings.append(("rtsp_transport", live.rtspTransport))
            case "http", "https":
                formatName = nil
                settings.append(("protocol_whitelist", "http,https,tcp,tls,crypto"))
                settings.append(("user_agent", "Saccade"))
            case "udp":
                formatName = nil
                settings += [("protocol_whitelist", "udp"), ("overrun_nonfatal", "1")]
            default:
                formatName = nil
                settings.append(("protocol_whitelist", "tcp"))
            }
        }
        self.settings = settings
    }

    /// Opens it and reads far enough to know the streams, under a deadline that the caller has armed.
    func open(deadline: Deadline) throws(MediaError) -> UnsafeMutablePointer<AVFormatContext> {
        guard let context = avformat_alloc_context() else { throw MediaError(.internalError, "Out of memory") }
        context.pointee.interrupt_callback = deadline.interruptCallback
        if isPolled { context.pointee.flags |= AVFMT_FLAG_NONBLOCK }
        var dictionary: OpaquePointer?
        defer { av_dict_free(&dictionary) }
        for (key, value) in settings { av_dict_set(&dictionary, key, value, 0) }
        let format = formatName.flatMap { av_find_input_format($0) }
        if formatName != nil, format == nil {
            avformat_free_context(context)
            throw MediaError(.unsupported, "This build of FFmpeg cannot read \(input)")
        }
        var opened: UnsafeMutablePointer<AVFormatContext>? = context
        let code = avformat_open_input(&opened, address, format, &dictionary)
        guard code >= 0, let opened else { throw failure(code, deadline, "\(input) cannot be opened") }
        // A device has said all in its header.
        let found = isPolled ? 0 : Demuxer.findStreams(of: opened, options: options)
        if found < 0 || deadline.interrupts {
            let error = failure(found < 0 ? found : sk_averror_exit, deadline, "\(input) has no readable stream")
            var freed: UnsafeMutablePointer<AVFormatContext>? = opened
            avformat_close_input(&freed)
            throw error
        }
        return opened
    }

    private func failure(_ code: Int32, _ deadline: Deadline, _ message: String) -> MediaError {
        if deadline.isCancelled { return MediaError(.cancelled, "Opening \(input) was cancelled") }
        if deadline.isExpired { return MediaError(.timeout, "\(input) does not answer") }
        if case .device = input { return deviceFailure(code) }
        // libav* says EIO of names that do not resolve, and of servers that hang up.
        if case .testSource = input { return MediaError(code: code, message, fallback: .unsupported) }
        let error = MediaError(code: code, message, fallback: code == sk_averror_invaliddata ? .corrupt : .refused)
        if case .stream = input, error.reason == .io || code == sk_averror_eof {
            return MediaError(.refused, message, detail: error.detail)
        }
        return error
    }

    /// Why a camera cannot be opened. Its driver says EINVAL of whatever it cannot give.
    private func deviceFailure(_ code: Int32) -> MediaError {
        switch code {
        case -EBUSY:
            return MediaError(code: code, "\(input) is in use: another program reads it", fallback: .refused)
        case -EINVAL, -ENOTTY:
            let live = options.live
            let wanted = [live.deviceFormat, live.deviceSize, live.deviceRate.map { "\($0) frames/s" }]
                .compactMap { $0.map(LogCapture.readable) }.joined(separator: ", ")
            let message =
                wanted.isEmpty
                ? "\(input) gives no pictures that can be read"
                : "\(input) does not give what it is asked for (\(wanted)): saccade sources lists what it can"
            return MediaError(code: code, message, fallback: .unsupported)
        case -EACCES, -EPERM:
            return MediaError(
                code: code, "\(input) may not be opened: cameras are for members of the group 'video'",
                fallback: .denied)
        default: return MediaError(code: code, "\(input) cannot be opened", fallback: .lost)
        }
    }
}
