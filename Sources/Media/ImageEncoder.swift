import CFFmpeg
import Imaging

/// One picture on its way into a JPEG or PNG file: a frame to be filled, then its compressed bytes.
final class ImageEncoder {
    let frame: UnsafeMutablePointer<AVFrame>
    let isJPEG: Bool
    private let context: UnsafeMutablePointer<AVCodecContext>
    private let packet: UnsafeMutablePointer<AVPacket>
    /// The file as messages name it.
    private let shown: String

    /// An encoder for the file at `path`; `id` is nil when its extension is that of no format.
    init(_ path: String, _ id: AVCodecID?, width: Int, height: Int, quantizer: Int32) throws(MediaError) {
        shown = "'\(LogCapture.readable(path))'"
        guard let id else {
            throw MediaError(.cannotCreate, "No image format is known for \(shown): use .jpg or .png")
        }
        try FFmpegLibraries.load()
        LogCapture.clear()
        isJPEG = id == AV_CODEC_ID_MJPEG
        let format = isJPEG ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_RGB24
        guard let codec = avcodec_find_encoder(id), let context = avcodec_alloc_context3(codec) else {
            throw MediaError(.unsupported, "This build of FFmpeg has no encoder for \(shown)")
        }
        var freedContext: UnsafeMutablePointer<AVCodecContext>? = context
        guard
            let frame = FramePool.allocate(
                width: Int32(clamping: width), height: Int32(clamping: height), format: format)
        else {
            avcodec_free_context(&freedContext)
            throw MediaError(.internalError, "Out of memory")
        }
        guard let packet = av_packet_alloc() else {
            avcodec_free_context(&freedContext)
            FramePool.free(frame)
            throw MediaError(.internalError, "Out of memory")
        }
        (self.context, self.frame, self.packet) = (context, frame, packet)
        context.pointee.width = frame.pointee.width
        context.pointee.height = frame.pointee.height
        context.pointee.pix_fmt = format
        context.pointee.color_range = AVCOL_RANGE_JPEG
        context.pointee.time_base = AVRational(num: 1, den: 25)
        context.pointee.thread_count = 1
        context.pointee.flags |= AV_CODEC_FLAG_QSCALE
        context.pointee.global_quality = quantizer * FF_QP2LAMBDA
        frame.pointee.quality = context.pointee.global_quality
        let code = avcodec_open2(context, codec, nil)
        guard code >= 0 else {
            throw MediaError(code: code, "\(shown) cannot be compressed", fallback: .internalError)
        }
    }

    deinit {
        var (freedContext, freedPacket) = (Optional(context), Optional(packet))
        avcodec_free_context(&freedContext)
        av_packet_free(&freedPacket)
        FramePool.free(frame)
    }

    /// The bytes of the file, once the frame is filled.
    func encoded() throws(MediaError) -> [UInt8] {
        var code = avcodec_send_frame(context, frame)
        if code >= 0 { code = avcodec_receive_packet(context, packet) }
        guard code >= 0, let data = packet.pointee.data else {
            throw MediaError(code: code, "\(shown) cannot be compressed", fallback: .internalError)
        }
        return Array(UnsafeBufferPointer(start: data, count: Int(packet.pointee.size)))
    }
}
