import CFFmpeg
import Imaging

/// Turns decoded frames of any pixel format into `Image`s: upright, 8 bits, planar 4:2:0.
///
/// Frames that are in that form already are wrapped without a copy. All others go through swscale with the matrix and
/// range that the frame states. Where it states no matrix, pictures of fewer than 720 lines are BT.601 and larger ones
/// BT.709, as players do. RGB becomes full-range YCbCr, gray keeps its values (full range unless stated); alpha is left
/// out; high dynamic range is not tone-mapped, its code values are reduced to 8 bits. Fields of interlaced frames are
/// left woven. Nothing is kept from one frame to the next, so size and format may change at any frame.
final class ImageConverter {
    private let scaler = Scaler()
    private let pool = FramePool()
    private let turnedPool = ImagePool(capacity: 8)

    /// The picture of `buffer`, turned as `orientation` says.
    func image(of buffer: FrameBuffer, orientation: Orientation) throws(MediaError) -> Image {
        let frame = buffer.av.pointee
        let color = ImageConverter.color(of: frame)
        let format = AVPixelFormat(frame.format)
        var planar = buffer
        if !ImageConverter.isPlanar420(frame) {
            guard let converted = pool.frame(width: frame.width, height: frame.height) else {
                throw MediaError(.internalError, "Out of memory for a picture of \(frame.width) × \(frame.height)")
            }
            let from = Scaler.Side(
                width: frame.width, height: frame.height, format: ImageConverter.withoutRange(format),
                matrix: color.matrix, isFullRange: color.isFullRange)
            var to = from
            to.format = AV_PIX_FMT_YUV420P
            try scaler.convert(buffer.av, as: from, to: converted.av, as: to)
            planar = converted
        }
        let isOwn = planar !== buffer
        guard orientation != .upright else { return try ImageConverter.wrap(planar, color, isExclusive: isOwn) }

        let source = try ImageConverter.wrap(planar, color, isExclusive: false)
        let turned = source.turned(orientation.turn, from: turnedPool)
        // `source` only borrows the memory: its buffer lives until here.
        withExtendedLifetime(planar) {}
        return turned
    }

    private static func wrap(_ buffer: FrameBuffer, _ color: ColorDescription, isExclusive: Bool) throws(MediaError)
        -> Image
    {
        let frame = buffer.av.pointee
        guard let y = frame.data.0, let u = frame.data.1, let v = frame.data.2 else {
            throw MediaError(.internalError, "A decoded picture has no planes")
        }
        let width = Int(frame.width)
        let height = Int(frame.height)
        let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
        return Image(
            width: width, height: height, color: color,
            y: Plane(baseAddress: y, stride: Int(frame.linesize.0), width: width, height: height),
            u: Plane(baseAddress: u, stride: Int(frame.linesize.1), width: halfWidth, height: halfHeight),
            v: Plane(baseAddress: v, stride: Int(frame.linesize.2), width: halfWidth, height: halfHeight),
            isExclusive: isExclusive, owner: buffer)
    }

    /// Whether the planes can be used as they are. Rows that run upwards (negative strides) are not.
    private static func isPlanar420(_ frame: AVFrame) -> Bool {
        switch AVPixelFormat(frame.format) {
        case AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVA420P: break
        default: return false
        }
        let half = (frame.width + 1) / 2
        return frame.linesize.0 >= frame.width && frame.linesize.1 >= half && frame.linesize.2 >= half
    }

    /// The matrix and range with which the frame's values are meant, or, for RGB, into which they are converted.
    static func color(of frame: AVFrame) -> ColorDescription {
        let format = AVPixelFormat(frame.format)
        let matrix: ColorDescription.Matrix =
            switch frame.colorspace {
            case AVCOL_SPC_BT709: .bt709
            case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: .bt2020
            case AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT470BG, AVCOL_SPC_FCC, AVCOL_SPC_SMPTE240M: .bt601
            default: isStill(format) || frame.height < 720 ? .bt601 : .bt709
            }
        let isFull: Bool =
            if isRGB(format) || isStill(format) {
                true
            } else if isGray(format) {
                frame.color_range != AVCOL_RANGE_MPEG
            } else {
                frame.color_range == AVCOL_RANGE_JPEG
            }
        return ColorDescription(matrix: matrix, isFullRange: isFull)
    }

    private static func descriptor(_ format: AVPixelFormat) -> AVPixFmtDescriptor? {
        av_pix_fmt_desc_get(format)?.pointee
    }

    static func isRGB(_ format: AVPixelFormat) -> Bool {
        let flags = descriptor(format)?.flags ?? 0
        return flags & UInt64(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) != 0
    }

    private static func isGray(_ format: AVPixelFormat) -> Bool {
        guard let descriptor = descriptor(format) else { return false }
        return descriptor.nb_components <= 2
            && descriptor.flags & UInt64(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) == 0
    }

    /// The full-range formats of JPEG, which is BT.601 at any size (JFIF).
    private static func isStill(_ format: AVPixelFormat) -> Bool { withoutRange(format) != format }

    /// The format whose name does not carry the range.
    private static func withoutRange(_ format: AVPixelFormat) -> AVPixelFormat {
        switch format {
        case AV_PIX_FMT_YUVJ420P: AV_PIX_FMT_YUV420P
        case AV_PIX_FMT_YUVJ422P: AV_PIX_FMT_YUV422P
        case AV_PIX_FMT_YUVJ444P: AV_PIX_FMT_YUV444P
        case AV_PIX_FMT_YUVJ440P: AV_PIX_FMT_YUV440P
        case AV_PIX_FMT_YUVJ411P: AV_PIX_FMT_YUV411P
        default: format
        }
    }
}
