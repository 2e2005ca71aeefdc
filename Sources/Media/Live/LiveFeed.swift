/// One connection to a live source, from its opening to its first fault: in this process, or in one of its own.
protocol LiveFeed: AnyObject {
    var formatName: String { get }
    var codecName: String { get }
    /// Frames a second as the source says; `nil` when it does not.
    var frameRate: Rational? { get }
    var sampleAspectRatio: Rational { get }
    /// Whether frames come in bursts, or as fast as they are read, and have to be released by their timestamps.
    var isPaced: Bool { get }
    /// How long, in seconds, a source of this kind may be silent between two bursts.
    var longestSilence: Double { get }
    /// Whether the end that was met is where the source said that it ends.
    var isComplete: Bool { get }
    var damagedPackets: Int { get }
    var damagedReads: Int { get }

    /// The next picture; `nil` at the end of the stream. `arrived` gets the timestamp of each packet as it comes.
    func next(arrived: (Double) -> Void) throws(MediaError) -> LivePicture?
}

/// A decoded picture of a live source.
struct LivePicture {
    let buffer: FrameBuffer
    let orientation: Orientation
    /// On the source's clock; `nil` when it has none.
    let seconds: Double?
}
