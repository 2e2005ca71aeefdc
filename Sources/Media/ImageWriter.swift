import CFFmpeg
import Glibc
package import Imaging

/// Writes pictures as JPEG or PNG files, chosen by the extension.
///
/// JPEG is full-range 4:2:0 as all viewers expect; PNG is RGB. A file appears under its name only when it is complete.
package final class ImageWriter {
    private let scaler = Scaler()
    /// Quantizer of the JPEG encoder, 1 (best) to 31.
    private let quantizer: Int32

    package init(quantizer: Int = 2) { self.quantizer = Int32(clamping: min(31, max(1, quantizer))) }

    package static func canWrite(_ path: String) -> Bool { codec(for: path) != nil }

    /// By the extension of the last part of the path; a name without a dot, such as that of a folder `png`, has none.
    private static func codec(for path: String) -> AVCodecID? {
        let name = path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return nil }
        return switch name[name.index(after: dot)...].lowercased() {
        case "jpg", "jpeg": AV_CODEC_ID_MJPEG
        case "png": AV_CODEC_ID_PNG
        default: nil
        }
    }

    /// Writes `image` to `path`, replacing a file of that name.
    package func write(_ image: borrowing Image, to path: String) throws(MediaError) {
        let shown = "'\(LogCapture.readable(path))'"
        guard let id = ImageWriter.codec(for: path) else {
            throw MediaError(.cannotCreate, "No image format is known for \(shown): use .jpg or .png")
        }
        try FFmpegLibraries.load()
        LogCapture.clear()
        let isJPEG = id == AV_CODEC_ID_MJPEG
        let format = isJPEG ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_RGB24
        guard let codec = avcodec_find_encoder(id), let context = avcodec_alloc_context3(codec) else {
            throw MediaError(.unsupported, "This build of FFmpeg has no encoder for \(shown)")
        }
        var freedContext: UnsafeMutablePointer<AVCodecContext>? = context
        defer { avcodec_free_context(&freedContext) }
        guard
            let frame = FramePool.allocate(
                width: Int32(clamping: image.width), height: Int32(clamping: image.height), format: format),
            let packet = av_packet_alloc()
        else { throw MediaError(.internalError, "Out of memory") }
        var freedPacket: UnsafeMutablePointer<AVPacket>? = packet
        defer {
            FramePool.free(frame)
            av_packet_free(&freedPacket)
        }
        try scaler.convert(
            image, to: frame,
            as: Scaler.Side(
                width: frame.pointee.width, height: frame.pointee.height,
                format: isJPEG ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_RGB24, matrix: .bt601, isFullRange: true))
        context.pointee.width = frame.pointee.width
        context.pointee.height = frame.pointee.height
        context.pointee.pix_fmt = format
        context.pointee.color_range = AVCOL_RANGE_JPEG
        context.pointee.time_base = AVRational(num: 1, den: 25)
        context.pointee.thread_count = 1
        context.pointee.flags |= AV_CODEC_FLAG_QSCALE
        context.pointee.global_quality = quantizer * FF_QP2LAMBDA
        frame.pointee.quality = context.pointee.global_quality
        var code = avcodec_open2(context, codec, nil)
        if code >= 0 { code = avcodec_send_frame(context, frame) }
        if code >= 0 { code = avcodec_receive_packet(context, packet) }
        guard code >= 0, let data = packet.pointee.data else {
            throw MediaError(code: code, "\(shown) cannot be compressed", fallback: .internalError)
        }
        try ImageWriter.store(UnsafeRawBufferPointer(start: data, count: Int(packet.pointee.size)), at: path)
    }

    private static func store(_ bytes: UnsafeRawBufferPointer, at path: String) throws(MediaError) {
        let temporary = "\(path).\(getpid()).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw MediaError(errno: errno, "Cannot create '\(LogCapture.readable(path))'", fallback: .cannotCreate)
                .asCreationFailure
        }
        var written = 0
        var failure: Int32 = 0
        while written < bytes.count, failure == 0 {
            let result = Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            if result >= 0 { written += result } else if errno != EINTR { failure = errno }
        }
        if close(descriptor) != 0, failure == 0 { failure = errno }
        if failure == 0, rename(temporary, path) != 0 { failure = errno }
        guard failure == 0 else {
            unlink(temporary)
            throw MediaError(errno: failure, "Writing '\(LogCapture.readable(path))' failed", fallback: .io)
        }
    }
}

extension MediaError {
    /// A missing folder is "no input" for a reader but "cannot create" for a writer.
    fileprivate var asCreationFailure: MediaError {
        reason == .notFound ? MediaError(.cannotCreate, message, detail: detail) : self
    }
}
