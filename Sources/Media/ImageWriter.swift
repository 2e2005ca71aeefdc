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
        let encoder = try ImageEncoder(
            path, Self.codec(for: path), width: image.width, height: image.height, quantizer: quantizer)
        let frame = encoder.frame
        try scaler.convert(
            image, to: frame,
            as: Scaler.Side(
                width: frame.pointee.width, height: frame.pointee.height,
                format: encoder.isJPEG ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_RGB24, matrix: .bt601, isFullRange: true))
        try ImageWriter.store(try encoder.encoded(), at: path)
    }

    /// Writes interleaved RGB, `pixels[(y * width + x) * 3 + channel]`, as a PNG of the same values, replacing a file of
    /// that name.
    package func write(rgb pixels: [UInt8], width: Int, height: Int, to path: String) throws(MediaError) {
        let codec = Self.codec(for: path)
        let isPicture = width > 0 && height > 0 && width <= Image.longestSide && height <= Image.longestSide
        guard codec == AV_CODEC_ID_PNG, isPicture, pixels.count == width * height * 3 else {
            throw MediaError(
                .cannotCreate, "'\(LogCapture.readable(path))' is to be a PNG of \(width) × \(height) pixels")
        }
        let encoder = try ImageEncoder(path, codec, width: width, height: height, quantizer: quantizer)
        let (rows, stride) = (encoder.frame.pointee.data.0, Int(encoder.frame.pointee.linesize.0))
        pixels.withUnsafeBufferPointer { pixels in
            guard let rows, let from = pixels.baseAddress else { return }
            for row in 0..<height { (rows + row * stride).update(from: from + row * width * 3, count: width * 3) }
        }
        try ImageWriter.store(try encoder.encoded(), at: path)
    }

    private static func store(_ bytes: [UInt8], at path: String) throws(MediaError) {
        let temporary = "\(path).\(getpid()).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw MediaError(errno: errno, "Cannot create '\(LogCapture.readable(path))'", fallback: .cannotCreate)
                .asCreationFailure
        }
        var written = 0
        var failure: Int32 = 0
        while written < bytes.count, failure == 0 {
            let result = bytes.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
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
