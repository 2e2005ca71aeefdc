package import Imaging

/// The facts about a frame that outlive its picture.
package struct FrameInfo: Sendable {
    /// Number of the frame among those delivered, from 0; for images, the position in the sequence, so that a picture
    /// that cannot be read leaves a gap.
    package let index: Int
    /// When the frame is shown, on the source's own clock.
    package let timestamp: Timestamp
    /// Ticks of the timestamp's time base for which the frame is shown.
    package let duration: Int64
    /// When the frame is shown, in seconds as players count: from the beginning of the container.
    package let seconds: Double
    /// Whether the decoder reported damage.
    package let isCorrupt: Bool
    /// The file of the picture in a sequence of images.
    package let path: String?
    /// When a live source's frame was captured, as far as arrival and timestamps tell; `nil` for files.
    package var captured: MonotonicTime?
}

extension FrameInfo {
    /// A frame without a picture, of what is known without a decoder.
    package init(index: Int, seconds: Double) {
        self.init(
            index: index, timestamp: Timestamp(0, timeBase: Rational(1, 1)), duration: 0, seconds: seconds,
            isCorrupt: false, path: nil, captured: nil)
    }
}

/// A picture of a source, with the packets of other streams that came before it.
package struct DecodedFrame: ~Copyable, Sendable {
    package var image: Image
    package let info: FrameInfo
    /// Sound, subtitles and data, in the order of the container, to be copied before this frame.
    package let packets: [Packet]

    package init(image: consuming Image, info: FrameInfo, packets: [Packet]) {
        self.image = image
        self.info = info
        self.packets = packets
    }

    package consuming func takeImage() -> Image { image }
}
