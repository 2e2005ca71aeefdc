import CFFmpeg
import Glibc
import Imaging

/// Turns the packets of a video stream into pictures.
///
///     loop: while true {
///         switch try decoder.receive() {
///         case .frame(let buffer): ...
///         case .needsInput: try decoder.send(packet)      // or sendEnd(), after which the delayed frames come
///         case .endOfStream: break loop
///         }
///     }
///
/// Damage is not an error: a packet that cannot be decoded is counted in `damagedPackets` and decoding goes on.
final class VideoDecoder {
    private(set) var damagedPackets = 0

    let codecName: String
    private let context: UnsafeMutablePointer<AVCodecContext>
    private let scratch: UnsafeMutablePointer<AVFrame>
    private var isDraining = false
    private var failuresWhileDraining = 0

    convenience init(stream: StreamInfo, options: MediaOptions) throws(MediaError) {
        try self.init(
            parameters: stream.parameters, id: stream.parameters.pointee.codec_id, timeBase: stream.timeBase,
            options: options)
    }

    /// A decoder for `id`; `parameters` may be missing for codecs that say everything in their packets (pictures).
    ///
    /// Throws `unsupported` when FFmpeg has no decoder for the codec, `too_large` for more than the allowed pixels.
    init(
        parameters: UnsafeMutablePointer<AVCodecParameters>?, id: AVCodecID, timeBase: Rational, options: MediaOptions
    ) throws(MediaError) {
        codecName = String(cString: avcodec_get_name(id))
        if let parameters = parameters?.pointee {
            try VideoDecoder.check(width: parameters.width, height: parameters.height, against: options)
        }
        guard let codec = avcodec_find_decoder(id) else {
            throw MediaError(.unsupported, "This build of FFmpeg has no decoder for '\(codecName)' video")
        }
        guard let context = avcodec_alloc_context3(codec) else { throw MediaError(.internalError, "Out of memory") }
        var freed: UnsafeMutablePointer<AVCodecContext>? = context
        guard let scratch = av_frame_alloc() else {
            avcodec_free_context(&freed)
            throw MediaError(.internalError, "Out of memory")
        }
        self.context = context
        self.scratch = scratch
        var code: Int32 = 0
        if let parameters { code = avcodec_parameters_to_context(context, parameters) }
        context.pointee.pkt_timebase = timeBase.av
        context.pointee.max_pixels = options.allocatedPixels
        // Left to itself FFmpeg takes a thread more than there are cores; each holds pictures.
        let threads = options.decoderThreads > 0 ? Int32(clamping: options.decoderThreads) : min(av_cpu_count(), 16)
        context.pointee.thread_count = threads
        // Threads that take a frame each hold one back for every thread.
        if options.decodesAtOnce { context.pointee.thread_type = FF_THREAD_SLICE }
        if code >= 0 { code = avcodec_open2(context, codec, nil) }
        guard code >= 0 else {
            throw MediaError(code: code, "The decoder for '\(codecName)' video does not start", fallback: .corrupt)
        }
    }

    deinit {
        FramePool.free(scratch)
        var freed: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&freed)
    }

    /// Throws `too_large` for more pixels than allowed, or sides longer than an `Image` has.
    static func check(width: Int32, height: Int32, against options: MediaOptions) throws(MediaError) {
        guard width <= Image.longestSide, height <= Image.longestSide else {
            throw MediaError(
                .tooLarge, "A picture of \(width) × \(height) exceeds the limit of \(Image.longestSide) pixels a side")
        }
        guard Int(max(0, width)) * Int(max(0, height)) <= options.maximumPixels else {
            throw MediaError(
                .tooLarge, "A picture of \(width) × \(height) exceeds the limit of \(options.maximumPixels) pixels")
        }
    }

    enum Outcome {
        case frame(FrameBuffer)
        case needsInput
        case endOfStream
    }

    /// The next picture that is complete.
    func receive() throws(MediaError) -> Outcome {
        while true {
            let code = avcodec_receive_frame(context, scratch)
            switch code {
            case 0...:
                guard let buffer = FrameBuffer(moving: scratch) else {
                    throw MediaError(.internalError, "Out of memory")
                }
                return .frame(buffer)
            case sk_averror_again: return .needsInput
            case sk_averror_eof: return .endOfStream
            case -ENOMEM: throw MediaError(.internalError, "Out of memory while decoding '\(codecName)' video")
            default:
                damagedPackets += 1
                guard isDraining else { return .needsInput }
                failuresWhileDraining += 1
                if failuresWhileDraining > 256 { return .endOfStream }
            }
        }
    }

    /// Gives the decoder a packet. `receive` must have asked for it.
    func send(_ packet: Packet) throws(MediaError) {
        let code = avcodec_send_packet(context, packet.av)
        if code == -ENOMEM { throw MediaError(.internalError, "Out of memory while decoding '\(codecName)' video") }
        if code < 0 { damagedPackets += 1 }
    }

    /// Says that no packet follows: the pictures that are still inside come out.
    func sendEnd() {
        isDraining = true
        avcodec_send_packet(context, nil)
    }

    /// Forgets everything, for packets from another place of the file.
    func flush() {
        isDraining = false
        failuresWhileDraining = 0
        avcodec_flush_buffers(context)
    }
}
