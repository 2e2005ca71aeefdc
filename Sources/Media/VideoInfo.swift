import CFFmpeg
package import Imaging

/// What is known about a source once its first frame is decoded.
package struct VideoInfo: Sendable {
    /// Size of the first frame as it is delivered, upright; later frames may differ.
    package var width: Int
    package var height: Int
    /// Frames per second: the average as far as the container knows; a guess (25) where it does not.
    package var frameRate: Rational
    /// How many frames will come, for progress; not exact.
    package var estimatedFrameCount: Int?
    /// Seconds of the whole container.
    package var duration: Double?
    /// Seconds on the container's clock at which players begin to count.
    package var startSeconds: Double
    /// Time base of the timestamps of frames.
    package var timeBase: Rational
    /// How stored frames were turned to be upright.
    package var orientation: Orientation
    package var color: ColorDescription
    package var colorTags: ColorTags
    /// Width of a pixel by its height; 1:1 if unknown.
    package var sampleAspectRatio: Rational
    /// FFmpeg's names.
    package var pixelFormat: String
    package var codecName: String
    package var containerName: String
    package var isInterlaced: Bool
    /// Whether the source can be opened a second time and read again.
    package var isSeekable: Bool
    /// Whether the frames are pictures of their own (files of a folder, a single image).
    package var isImageSequence: Bool
    /// Whether frames come in their own time, and who is too slow for them has to leave some out.
    package var isLive: Bool
    /// All streams of the container, also those that are not read.
    package var streams: [StreamInfo]
    /// Index of the stream of the frames.
    package var videoStreamIndex: Int
    /// Whether packets of the other streams come with the frames.
    package var deliversOtherStreams: Bool
    package var metadata: [(key: String, value: String)]
    /// The point of the source's clock that becomes 0 in a copy of it: the start of the chosen range (`--ss`), or the
    /// start of a clock that begins before 0 or beyond 10 s (broadcasts); else 0, so that timestamps stay equal.
    package var origin: Timestamp

    /// The files that are read; writing to one of them is refused.
    package var identities: [FileIdentity]
}

/// The colour description as H.264 and containers number it (ISO/IEC 23091-2), carried from source to copy; 2 is
/// "unspecified" (range: 0).
package struct ColorTags: Hashable, Sendable {
    package var primaries: UInt32 = 2
    package var transfer: UInt32 = 2
    package var matrix: UInt32 = 2
    package var range: UInt32 = 0
    package var chromaLocation: UInt32 = 0

    package init() {}

    /// The tags of the picture that `ImageConverter` makes of `frame`.
    init(of frame: AVFrame) {
        primaries = frame.color_primaries.rawValue
        transfer = frame.color_trc.rawValue
        range = frame.color_range.rawValue
        chromaLocation = frame.chroma_location.rawValue
        let color = ImageConverter.color(of: frame)
        if color.isFullRange { range = AVCOL_RANGE_JPEG.rawValue }
        matrix =
            ImageConverter.isRGB(AVPixelFormat(frame.format)) || frame.colorspace == AVCOL_SPC_RGB
            ? color.matrix.tag : frame.colorspace.rawValue
    }

    /// The tags of an image that says no more than its matrix and range.
    package init(_ color: ColorDescription) {
        matrix = color.matrix.tag
        range = (color.isFullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG).rawValue
    }
}

extension ColorDescription.Matrix {
    var tag: UInt32 {
        switch self {
        case .bt601: AVCOL_SPC_SMPTE170M.rawValue
        case .bt709: AVCOL_SPC_BT709.rawValue
        case .bt2020: AVCOL_SPC_BT2020_NCL.rawValue
        }
    }
}
