import CFFmpeg
import Glibc

/// Why media could not be read or written: a reason from a closed vocabulary, a sentence that says what to do, and what
/// FFmpeg said last.
package struct MediaError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The reasons, named as in logs and summaries.
    package enum Reason: String, Sendable, CaseIterable {
        case eof, timeout, refused, auth, reset, unsupported, corrupt
        case noVideo = "no_video"
        case tooLarge = "too_large"
        case denied
        case diskFull = "disk_full"
        case internalError = "internal"
        case notFound = "not_found"
        case cannotCreate = "cannot_create"
        case io
        /// A device went away.
        case lost
        case cancelled
    }

    package let reason: Reason
    package let message: String
    /// FFmpeg's last error line, without credentials and control characters.
    package let detail: String?
    /// Whether it was met in writing: a reader that has gone is another matter than a source that has.
    private(set) package var isOfOutput = false

    package init(_ reason: Reason, _ message: String, detail: String? = nil) {
        self.reason = reason
        self.message = message
        self.detail = detail
    }

    /// The status with which a process ends for this reason (sysexits.h).
    package var exitCode: Int32 {
        switch reason {
        case .reset where isOfOutput, .timeout where isOfOutput, .lost where isOfOutput: 74
        case .refused where isOfOutput, .notFound where isOfOutput: 73
        case .eof, .unsupported, .corrupt, .noVideo, .tooLarge: 65
        case .notFound: 66
        case .timeout, .refused, .reset, .lost: 69
        case .internalError: 70
        case .cannotCreate: 73
        case .diskFull, .io: 74
        case .auth, .denied: 77
        case .cancelled: 130
        }
    }

    /// The same error, met in writing.
    package var ofOutput: MediaError {
        var error = self
        error.isOfOutput = true
        return error
    }

    /// The message, and what FFmpeg said unless that only repeats the message.
    package var description: String {
        guard let detail, !message.lowercased().contains(detail.lowercased()) else { return message }
        return "\(message) (FFmpeg: \(detail))"
    }
}

extension MediaError {
    /// The error for a negative return value of libav*: its own reason where the code has one, else `fallback`.
    init(code: Int32, _ message: String, fallback: Reason) {
        let reason: Reason =
            switch code {
            case -ENOENT: .notFound
            case -EACCES, -EPERM, -EROFS: .denied
            case -ENOSPC, -EDQUOT, -EFBIG: .diskFull
            case -EIO: .io
            case -ENOMEM: .internalError
            case -ETIMEDOUT: .timeout
            case -ECONNREFUSED, -EHOSTUNREACH, -ENETUNREACH, sk_averror_http_server_error: .refused
            case -ENODEV, -ENXIO: .lost
            case sk_averror_http_unauthorized, sk_averror_http_forbidden: .auth
            case sk_averror_http_not_found: .notFound
            case sk_averror_protocol_not_found, sk_averror_demuxer_not_found: .unsupported
            case -ECONNRESET, -EPIPE: .reset
            case sk_averror_exit: .cancelled
            case sk_averror_decoder_not_found, sk_averror_patchwelcome, -ENOSYS: .unsupported
            default: fallback
            }
        let line = LogCapture.takeLine()
        self.init(MediaError.isAboutSize(line) ? .tooLarge : reason, message, detail: line ?? MediaError.text(of: code))
    }

    /// The error for pictures that did not come out of a decoder, which says why in its log only.
    static func undecodable(_ message: String) -> MediaError {
        let line = LogCapture.takeLine()
        let isTooLarge = isAboutSize(line)
        return MediaError(
            isTooLarge ? .tooLarge : .corrupt,
            isTooLarge ? "The picture exceeds the limit on pixels" : message, detail: line)
    }

    private static func isAboutSize(_ line: String?) -> Bool {
        line?.contains("exceeds specified max pixel count") ?? false
    }

    /// The error for a failed system call.
    init(errno code: Int32, _ message: String, fallback: Reason) {
        let error = MediaError(code: -code, message, fallback: fallback)
        self.init(error.reason, "\(message): \(String(cString: strerror(code)))")
    }

    /// What libav* calls an error code.
    static func text(of code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: Int(AV_ERROR_MAX_STRING_SIZE))
        av_strerror(code, &buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
