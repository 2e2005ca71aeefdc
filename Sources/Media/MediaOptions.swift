/// How a source is read.
package struct MediaOptions: Sendable {
    /// Seconds from the beginning, as a player shows them, at which frames begin (`--ss`); exact, not at a key frame.
    package var startTime: Double?
    /// Seconds from the beginning at which frames end (`--to`).
    package var endTime: Double?
    /// Seconds of video after `startTime` (`-t`); the earlier of the two ends counts.
    package var duration: Double?
    /// Frames per second of a sequence of images.
    package var imageRate = Rational(25, 1)
    /// The most pixels of a picture, checked before a decoder allocates and again for each frame.
    package var maximumPixels = 8192 * 8192
    /// The most streams of a container.
    package var maximumStreams = 64
    /// Bytes that are read to find the streams.
    package var probeSize = 5_000_000
    /// Seconds without a byte after which a FIFO, a pipe or a file counts as stalled.
    package var stallTimeout = 30.0
    /// Threads of the decoder; 0 = one a core.
    package var decoderThreads = 0
    /// Whether a picture leaves the decoder as soon as it can, at the cost of threads that work side by side.
    package var decodesAtOnce = false
    /// Whether pictures are turned as the file's display matrix or EXIF orientation asks.
    package var autorotates = true
    /// Whether packets of sound, subtitles and data are delivered for copying.
    package var deliversOtherStreams = true

    /// How cameras and streams are read, and files as if they were ones.
    package var live = LiveOptions()

    package init() {}

    /// The limit for libav*, which counts padding: coded pictures end at whole blocks, rows at whole vectors.
    var allocatedPixels: Int64 {
        let limit = Int64(clamping: min(max(maximumPixels, 1), 1 << 40))
        return limit + limit / 4 + (1 << 16)
    }
}
