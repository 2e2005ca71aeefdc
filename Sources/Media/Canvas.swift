import CFFmpeg
import Imaging

/// The frame that an encoder sees: of one size with even sides, into which pictures of any size are put.
final class Canvas {
    /// Even sides.
    let width: Int32
    let height: Int32

    private let pictureWidth: Int
    private let pictureHeight: Int
    private let color: ColorDescription
    private let format: AVPixelFormat
    private var frame: UnsafeMutablePointer<AVFrame>
    private let scaler = Scaler()
    private var fitted: UnsafeMutablePointer<AVFrame>?

    /// `nil` when there is no memory.
    init?(width: Int, height: Int, color: ColorDescription, format: AVPixelFormat) {
        pictureWidth = width
        pictureHeight = height
        self.color = color
        self.format = format
        self.width = Int32(clamping: width + width % 2)
        self.height = Int32(clamping: height + height % 2)
        guard let frame = FramePool.allocate(width: self.width, height: self.height, format: format) else { return nil }
        self.frame = frame
    }

    deinit {
        FramePool.free(frame)
        if let fitted { FramePool.free(fitted) }
    }

    /// The frame with the picture on it; valid until the next call.
    func draw(_ image: borrowing Image) throws(MediaError) -> UnsafeMutablePointer<AVFrame> {
        if av_frame_is_writable(frame) == 0 {
            // The encoder still reads the last picture.
            guard let fresh = FramePool.allocate(width: width, height: height, format: format) else {
                throw MediaError(.internalError, "Out of memory for a frame of \(width) × \(height)")
            }
            FramePool.free(frame)
            frame = fresh
        }
        if image.width == pictureWidth, image.height == pictureHeight, image.color == color {
            copy(image.y, to: 0, x: 0, y: 0, pads: true)
            copy(image.u, to: 1, x: 0, y: 0, pads: true)
            copy(image.v, to: 2, x: 0, y: 0, pads: true)
        } else {
            try fit(image)
        }
        frame.pointee.color_range = color.isFullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
        return frame
    }

    /// Scales the picture into the middle of the canvas and keeps its aspect.
    private func fit(_ image: borrowing Image) throws(MediaError) {
        let scale = min(Double(width) / Double(image.width), Double(height) / Double(image.height))
        func side(_ length: Int, _ limit: Int32) -> Int32 {
            let exact = Int32(exactly: (Double(length) * scale).rounded()) ?? limit
            return min(limit, max(2, exact + exact % 2))
        }
        let (innerWidth, innerHeight) = (side(image.width, width), side(image.height, height))
        if fitted?.pointee.width != innerWidth || fitted?.pointee.height != innerHeight {
            if let fitted { FramePool.free(fitted) }
            fitted = FramePool.allocate(width: innerWidth, height: innerHeight, format: AV_PIX_FMT_YUV420P)
        }
        guard let fitted else { throw MediaError(.internalError, "Out of memory for a frame of \(width) × \(height)") }
        try scaler.convert(
            image, to: fitted,
            as: Scaler.Side(
                width: innerWidth, height: innerHeight, format: AV_PIX_FMT_YUV420P, matrix: color.matrix,
                isFullRange: color.isFullRange))
        let left = Int(width - innerWidth) / 4 * 2
        let top = Int(height - innerHeight) / 4 * 2
        for index in 0..<3 {
            fill(index, with: index > 0 ? 128 : color.isFullRange ? 0 : 16)
            guard let plane = Canvas.plane(index, of: fitted) else { continue }
            let half = index > 0 ? 2 : 1
            copy(plane, to: index, x: left / half, y: top / half, pads: false)
        }
    }

    /// Plane 0, 1 or 2 of a frame in 4:2:0 with even sides.
    private static func plane(_ index: Int, of frame: UnsafeMutablePointer<AVFrame>) -> Plane? {
        let (data, stride) =
            switch index {
            case 0: (frame.pointee.data.0, frame.pointee.linesize.0)
            case 1: (frame.pointee.data.1, frame.pointee.linesize.1)
            default: (frame.pointee.data.2, frame.pointee.linesize.2)
            }
        guard let data else { return nil }
        let half = index > 0 ? 2 : 1
        return Plane(
            baseAddress: data, stride: Int(stride), width: Int(frame.pointee.width) / half,
            height: Int(frame.pointee.height) / half)
    }

    /// Copies a plane to (`x`, `y`); with `pads`, repeats its last column and row up to the edges of the canvas.
    private func copy(_ source: Plane, to index: Int, x: Int, y: Int, pads: Bool) {
        guard let target = Canvas.plane(index, of: frame), x + source.width <= target.width,
            y + source.height <= target.height
        else {
            return
        }
        for row in 0..<source.height {
            let from = source.baseAddress + row * source.stride
            let to = target.baseAddress + (y + row) * target.stride + x
            to.update(from: from, count: source.width)
            if pads, source.width < target.width {
                (to + source.width).update(repeating: from[source.width - 1], count: target.width - source.width)
            }
        }
        guard pads, source.height > 0 else { return }
        let last = target.baseAddress + (source.height - 1) * target.stride
        for row in source.height..<max(target.height, source.height) {
            (target.baseAddress + row * target.stride).update(from: last, count: target.width)
        }
    }

    private func fill(_ index: Int, with value: UInt8) {
        guard let target = Canvas.plane(index, of: frame) else { return }
        for row in 0..<target.height {
            (target.baseAddress + row * target.stride).update(repeating: value, count: target.width)
        }
    }
}

extension Scaler {
    /// Converts a picture, whose planes are only read.
    func convert(
        _ image: borrowing Image, to target: UnsafeMutablePointer<AVFrame>, as to: Side
    ) throws(MediaError) {
        var source = AVFrame()
        source.data.0 = image.y.baseAddress
        source.data.1 = image.u.baseAddress
        source.data.2 = image.v.baseAddress
        source.linesize.0 = Int32(clamping: image.y.stride)
        source.linesize.1 = Int32(clamping: image.u.stride)
        source.linesize.2 = Int32(clamping: image.v.stride)
        source.width = Int32(clamping: image.width)
        source.height = Int32(clamping: image.height)
        let from = Side(
            width: source.width, height: source.height, format: AV_PIX_FMT_YUV420P, matrix: image.color.matrix,
            isFullRange: image.color.isFullRange)
        try convert(&source, as: from, to: target, as: to)
    }
}
