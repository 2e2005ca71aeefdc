/// A decoded frame before it is made an `Image`.
struct RawFrame {
    let buffer: FrameBuffer
    let time: Int64
    let duration: Int64
    let position: Int
    let orientation: Orientation
    let path: String?
    /// When a live source's frame was captured; `nil` for files.
    var captured: MonotonicTime?
}

/// What `MediaSource` reads from: a container, a sequence of images, or a live source.
protocol FrameReader: AnyObject {
    /// The next frame, `nil` at the end.
    func next() throws(MediaError) -> RawFrame?

    /// Of the frames' times; the same for all.
    var timeBase: Rational { get }

    /// Takes the packets of other streams that were met so far.
    func takePackets() -> [Packet]

    var damage: MediaSource.Damage { get }

    /// How often a live source came and went; `nil` for files.
    var history: MediaSource.History? { get }

    /// Everything about the source that does not depend on the first frame's picture.
    func describe(first: RawFrame) -> VideoInfo
}

extension FrameReader {
    var history: MediaSource.History? { nil }
}
