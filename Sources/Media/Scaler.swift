import CFFmpeg
import Imaging

/// Converts and scales pictures with swscale; the context is made anew when the parameters of the pictures change.
final class Scaler {
    /// One side of a conversion.
    struct Side: Equatable {
        var width: Int32
        var height: Int32
        var format: AVPixelFormat
        var matrix: ColorDescription.Matrix
        var isFullRange: Bool
    }

    private var context: OpaquePointer?
    private var current: (source: Side, target: Side)?

    deinit { sws_freeContext(context) }

    /// Fills the planes of `target`. Throws `unsupported` for pixel formats that swscale does not know.
    func convert(
        _ source: UnsafePointer<AVFrame>, as from: Side, to target: UnsafeMutablePointer<AVFrame>, as to: Side
    ) throws(MediaError) {
        if current.map({ $0.source != from || $0.target != to }) ?? true {
            sws_freeContext(context)
            context = nil
            current = nil
            guard sws_isSupportedInput(from.format) != 0, sws_isSupportedOutput(to.format) != 0 else {
                throw MediaError(
                    .unsupported, "Pictures of pixel format '\(Scaler.name(of: from.format))' are not read")
            }
            context = sws_getContext(
                from.width, from.height, from.format, to.width, to.height, to.format,
                SWS_BICUBIC | SWS_ACCURATE_RND, nil, nil, nil)
            guard let context else {
                throw MediaError(
                    .unsupported,
                    "Pictures of \(from.width) × \(from.height) in '\(Scaler.name(of: from.format))' cannot be converted",
                    detail: LogCapture.takeLine())
            }
            _ = sws_setColorspaceDetails(
                context, sws_getCoefficients(from.matrix.swscale), from.isFullRange ? 1 : 0,
                sws_getCoefficients(to.matrix.swscale), to.isFullRange ? 1 : 0, 0, 1 << 16, 1 << 16)
            current = (from, to)
        }
        guard let context, sk_scale(context, source, target) > 0 else {
            throw MediaError(.internalError, "A picture could not be converted", detail: LogCapture.takeLine())
        }
    }

    static func name(of format: AVPixelFormat) -> String {
        av_get_pix_fmt_name(format).map { String(cString: $0) } ?? "unknown"
    }
}

extension ColorDescription.Matrix {
    fileprivate var swscale: Int32 {
        switch self {
        case .bt601: SWS_CS_ITU601
        case .bt709: SWS_CS_ITU709
        case .bt2020: SWS_CS_BT2020
        }
    }
}
