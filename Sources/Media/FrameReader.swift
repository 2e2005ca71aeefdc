/// A decoded frame before it is made an `Image`.
struct RawFrame {
    let buffer: FrameBuffer
    let time: Int64
    let duration: Int64
    let position: Int
    let orientation: Orientation
    let path: String?
}

/// What `MediaSource` reads from: a container or a sequence of images.
protocol FrameReader: AnyObject {
    /// The next frame, `nil` at the end.
    func next() throws(MediaError) -> RawFrame?

    /// Takes the packets of other streams that were met so far.
    func takePackets() -> [Packet]

    var damage: MediaSource.Damage { get }

    /// Everything about the source that does not depend on the first frame's picture.
    func describe(first: RawFrame) -> VideoInfo
}
