import CFFmpeg
import Glibc
package import Imaging

/// The pictures of a video to be written: the canvas that the first frame sets, and the clock.
package struct VideoParameters: Sendable {
    package var width: Int
    package var height: Int
    package var timeBase: Rational
    package var frameRate: Rational
    package var color: ColorDescription
    package var colorTags: ColorTags
    package var sampleAspectRatio = Rational(1, 1)

    package init(width: Int, height: Int, timeBase: Rational, frameRate: Rational, color: ColorDescription) {
        self.width = width
        self.height = height
        self.timeBase = timeBase
        self.frameRate = frameRate
        self.color = color
        colorTags = ColorTags(color)
    }

    /// The canvas and clock of a source.
    package init(_ info: VideoInfo) {
        self.init(
            width: info.width, height: info.height, timeBase: info.timeBase, frameRate: info.frameRate,
            color: info.color)
        colorTags = info.colorTags
        sampleAspectRatio = info.sampleAspectRatio
    }
}

/// How pictures are compressed.
package struct EncoderOptions: Sendable {
    /// FFmpeg's name of an encoder ("libx264") or a codec ("h264").
    package var codec = "libx264"
    /// Constant rate factor; 23 for x264 and x265, smaller is better and larger.
    package var crf: Double?
    /// Speed of x264 and x265; "veryfast" unless given.
    package var preset: String?
    /// Threads; 0 = one a core for x264, for others what they choose. The same number gives the same bytes.
    package var threads = 0
    /// Whether somebody watches while it is written: no picture is held back, and each key frame has all headers.
    package var isLive = false

    package init() {}
}

/// Compresses pictures; a key frame comes at least once a second.
///
/// H.264 in 4:2:0 has even sides: an odd one grows by one pixel that repeats the edge. A picture of another size than
/// the canvas is scaled into it with black bars, one of other colours is converted.
final class VideoEncoder {
    let context: UnsafeMutablePointer<AVCodecContext>
    let codecName: String

    private let canvas: Canvas
    private let scratch: UnsafeMutablePointer<AVPacket>
    private var lastKeyTime: Int64?
    private let second: Int64
    private var durations: [Int64: Int64] = [:]
    private var lastTime: Int64?

    /// Throws `unsupported`, naming what is missing and what there is instead.
    init(_ parameters: VideoParameters, options: EncoderOptions, hasGlobalHeader: Bool) throws(MediaError) {
        try FFmpegLibraries.load()
        let codec = try VideoEncoder.codec(named: options.codec)
        codecName = String(cString: codec.pointee.name)
        guard parameters.width > 0, parameters.height > 0, parameters.width <= 16384, parameters.height <= 16384 else {
            throw MediaError(.tooLarge, "A video of \(parameters.width) × \(parameters.height) cannot be written")
        }
        let isFullRangeOnly = try VideoEncoder.isFullRangeOnly(codec)
        var color = parameters.color
        if isFullRangeOnly { color = ColorDescription(matrix: .bt601, isFullRange: true) }
        guard let context = avcodec_alloc_context3(codec) else { throw MediaError(.internalError, "Out of memory") }
        var freed: UnsafeMutablePointer<AVCodecContext>? = context
        let pixelFormat = isFullRangeOnly ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P
        guard let packet = av_packet_alloc(),
            let canvas = Canvas(width: parameters.width, height: parameters.height, color: color, format: pixelFormat)
        else {
            avcodec_free_context(&freed)
            throw MediaError(.internalError, "Out of memory")
        }
        self.context = context
        self.canvas = canvas
        scratch = packet
        var timeBase = parameters.timeBase.isPositive ? parameters.timeBase.av : AVRational(num: 1, den: 90000)
        if codec.pointee.id == AV_CODEC_ID_MPEG4 {
            // MPEG-4 part 2 has 16 bits for ticks per second.
            av_reduce(&timeBase.num, &timeBase.den, Int64(timeBase.num), Int64(timeBase.den), 65535)
            if timeBase.num == 0 { timeBase = AVRational(num: 1, den: 65535) }
        }
        second = av_rescale_q(1, AVRational(num: 1, den: 1), timeBase)
        context.pointee.width = canvas.width
        context.pointee.height = canvas.height
        context.pointee.pix_fmt = pixelFormat
        context.pointee.time_base = timeBase
        context.pointee.framerate = parameters.frameRate.av
        context.pointee.sample_aspect_ratio = parameters.sampleAspectRatio.av
        context.pointee.thread_count = Int32(clamping: max(0, options.threads))
        let tags = isFullRangeOnly ? ColorTags(color) : parameters.colorTags
        context.pointee.color_primaries = AVColorPrimaries(tags.primaries)
        context.pointee.color_trc = AVColorTransferCharacteristic(tags.transfer)
        context.pointee.colorspace = AVColorSpace(tags.matrix)
        context.pointee.color_range = AVColorRange(tags.range)
        context.pointee.chroma_sample_location = AVChromaLocation(tags.chromaLocation)
        if hasGlobalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
        try open(codec, parameters: parameters, options: options)
    }

    deinit {
        var freed: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&freed)
        var freedPacket: UnsafeMutablePointer<AVPacket>? = scratch
        av_packet_free(&freedPacket)
    }

    private func open(
        _ codec: UnsafePointer<AVCodec>, parameters: VideoParameters, options: EncoderOptions
    ) throws(MediaError) {
        var settings: OpaquePointer?
        defer { av_dict_free(&settings) }
        if codec.pointee.id == AV_CODEC_ID_MJPEG { context.pointee.thread_count = 1 }
        switch codecName {
        case "libx264", "libx264rgb", "libx265":
            let preset = options.preset ?? "veryfast"
            guard VideoEncoder.presets.contains(preset) else {
                throw MediaError(
                    .unsupported,
                    "'\(LogCapture.readable(preset))' is no preset: use one of \(VideoEncoder.presets.joined(separator: " "))"
                )
            }
            av_dict_set(&settings, "crf", "\(options.crf ?? 23)", 0)
            av_dict_set(&settings, "preset", preset, 0)
            av_dict_set(&settings, "forced-idr", "1", 0)
            if options.isLive {
                av_dict_set(&settings, "tune", "zerolatency", 0)
                if context.pointee.thread_count == 0 { context.pointee.thread_count = min(av_cpu_count(), 16) }
                if codecName == "libx264" { av_dict_set(&settings, "x264-params", "repeat-headers=1", 0) }
            } else if codecName == "libx264" {
                boundMemory(preset: preset, settings: &settings)
            }
            if codecName == "libx265" {
                let headers = options.isLive ? ":repeat-headers=1" : ""
                av_dict_set(&settings, "x265-params", "log-level=none\(headers)", 0)
            }
        case "libvpx-vp9", "libvpx":
            av_dict_set(&settings, "crf", "\(options.crf ?? 31)", 0)
            av_dict_set(&settings, "b", "0", 0)
            av_dict_set(&settings, "deadline", "realtime", 0)
            av_dict_set(&settings, "cpu-used", "6", 0)
            if options.isLive { av_dict_set(&settings, "lag-in-frames", "0", 0) }
        default:
            if let crf = options.crf { av_dict_set(&settings, "crf", "\(crf)", 0) }
            if let preset = options.preset { av_dict_set(&settings, "preset", preset, 0) }
            if codec.pointee.id == AV_CODEC_ID_MPEG4 || codec.pointee.id == AV_CODEC_ID_MJPEG {
                context.pointee.flags |= AV_CODEC_FLAG_QSCALE
                context.pointee.global_quality = 3 * FF_QP2LAMBDA
            } else {
                let pixelsPerSecond =
                    Double(parameters.width * parameters.height) * min(parameters.frameRate.value, 120)
                context.pointee.bit_rate = Int64(max(200_000, pixelsPerSecond * 0.12))
            }
        }
        LogCapture.clear()
        let code = avcodec_open2(context, codec, &settings)
        guard code >= 0 else {
            throw MediaError(
                code: code, "The encoder '\(codecName)' refuses \(context.pointee.width) × \(context.pointee.height)",
                fallback: .unsupported)
        }
        if let unused = av_dict_get(settings, "", nil, AV_DICT_IGNORE_SUFFIX) {
            throw MediaError(
                .unsupported, "The encoder '\(codecName)' has no setting '\(String(cString: unused.pointee.key))'")
        }
    }

    /// Bytes of the pictures that x264 looks ahead, beyond four of them.
    private static let lookaheadBytes = 40 << 20

    /// Keeps x264 from holding more pictures than it needs: of 250 MB at 1920×1080 it leaves 110.
    ///
    /// - A thread a core and none for the search ahead, where x264 takes half as many again, each with pictures of its
    ///   own: the cores have other stages to run. The pictures of the video stay the same.
    /// - With the preset "veryfast": threads share a picture (files of equal quality are 0.8 % larger with two), B frames
    ///   do not refer to each other (1 %), and `lookaheadBytes` hold; 1920×1080 has 5 pictures and not 10 (6 %), 1280×720
    ///   has all. Who chooses a slower preset chooses smaller files, a faster one does not look ahead.
    private func boundMemory(preset: String, settings: inout OpaquePointer?) {
        if context.pointee.thread_count == 0 { context.pointee.thread_count = min(av_cpu_count(), 16) }
        av_dict_set(&settings, "x264-params", "sync-lookahead=0", 0)
        guard preset == "veryfast" else { return }
        if context.pointee.thread_count <= 4 { context.pointee.thread_type = FF_THREAD_SLICE }
        av_dict_set(&settings, "b-pyramid", "none", 0)
        // A picture, and in half its width and height once more for each of four half-pixel shifts.
        let pictureBytes = Int(context.pointee.width) * Int(context.pointee.height) * 7 / 2
        let count = max(4, Self.lookaheadBytes / pictureBytes)
        if count < 10 { av_dict_set(&settings, "rc-lookahead", "\(count)", 0) }
    }

    /// Presets of x264 and x265, which print to the terminal when they are given another name.
    private static let presets = [
        "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
    ]

    private static func codec(named name: String) throws(MediaError) -> UnsafePointer<AVCodec> {
        if let codec = avcodec_find_encoder_by_name(name), codec.pointee.type == AVMEDIA_TYPE_VIDEO { return codec }
        let descriptor = avcodec_descriptor_get_by_name(name)
        if let id = descriptor?.pointee.id, let codec = avcodec_find_encoder(id),
            codec.pointee.type == AVMEDIA_TYPE_VIDEO
        {
            return codec
        }
        let wanted = descriptor?.pointee.id ?? AV_CODEC_ID_H264
        var names: [String] = []
        var state: UnsafeMutableRawPointer?
        while let codec = av_codec_iterate(&state) {
            if av_codec_is_encoder(codec) != 0, codec.pointee.id == wanted {
                names.append(String(cString: codec.pointee.name))
            }
        }
        let offer =
            names.isEmpty
            ? "install a build of FFmpeg with libx264"
            : "encoders of \(String(cString: avcodec_get_name(wanted))) here: \(names.joined(separator: ", "))"
        throw MediaError(
            .unsupported, "This build of FFmpeg has no video encoder '\(LogCapture.readable(name))'; \(offer)")
    }

    /// Whether the codec takes 4:2:0 in full range only (JPEG). Throws if it takes no 8-bit 4:2:0 at all.
    private static func isFullRangeOnly(_ codec: UnsafePointer<AVCodec>) throws(MediaError) -> Bool {
        if codec.pointee.id == AV_CODEC_ID_MJPEG { return true }
        guard var format = codec.pointee.pix_fmts else { return false }
        var hasFull = false
        while format.pointee != AV_PIX_FMT_NONE {
            if format.pointee == AV_PIX_FMT_YUV420P { return false }
            if format.pointee == AV_PIX_FMT_YUVJ420P { hasFull = true }
            format += 1
        }
        if hasFull { return true }
        throw MediaError(
            .unsupported,
            "The encoder '\(String(cString: codec.pointee.name))' takes no 8-bit 4:2:0 pictures; use libx264")
    }

    var timeBase: Rational { Rational(context.pointee.time_base) }

    /// Compresses a picture that is shown at `time` for `duration` ticks of `timeBase`. Times must ascend; one that
    /// does not is moved to one tick after the last.
    func encode(
        _ image: borrowing Image, at time: Int64, duration: Int64,
        output: (UnsafeMutablePointer<AVPacket>) throws(MediaError) -> Void
    ) throws(MediaError) {
        let time = lastTime.map { max(time, $0 &+ 1) } ?? time
        lastTime = time
        let frame = try canvas.draw(image)
        frame.pointee.pts = time
        let isKey = lastKeyTime.map { time &+ max(duration, 1) &- $0 > second } ?? true
        if isKey { lastKeyTime = time }
        frame.pointee.pict_type = isKey ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
        frame.pointee.key_frame = isKey ? 1 : 0
        durations[time] = max(duration, 1)
        try submit(frame, output: output)
    }

    /// Makes the next picture a key frame.
    func restart() { lastKeyTime = nil }

    /// Ends the stream: the packets that are still inside come out.
    func drain(output: (UnsafeMutablePointer<AVPacket>) throws(MediaError) -> Void) throws(MediaError) {
        try submit(nil, output: output)
    }

    private func submit(
        _ frame: UnsafeMutablePointer<AVFrame>?, output: (UnsafeMutablePointer<AVPacket>) throws(MediaError) -> Void
    ) throws(MediaError) {
        var code = avcodec_send_frame(context, frame)
        while code >= 0 {
            code = avcodec_receive_packet(context, scratch)
            guard code >= 0 else { break }
            if let duration = durations.removeValue(forKey: scratch.pointee.pts) { scratch.pointee.duration = duration }
            defer { av_packet_unref(scratch) }
            try output(scratch)
        }
        guard code == sk_averror_again || code == sk_averror_eof else {
            throw MediaError(code: code, "The encoder '\(codecName)' failed", fallback: .internalError)
        }
    }
}
