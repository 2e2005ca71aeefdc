/// One object in one frame: where it is, what it is, how sure we are, and, once it is tracked, which one it is.
public struct Detection: Hashable, Sendable {
    /// Where the box comes from.
    public enum Origin: String, Hashable, Sendable, CaseIterable {
        /// The detector saw it in this frame.
        case detected
        /// The tracker's motion model put it here.
        case predicted
        /// It lies between two detections of the same track.
        case interpolated
    }

    /// The box, in pixels of the displayed frame.
    public var box: BoundingBox
    /// The class, an index into the model's `ClassLabels`.
    public var classIndex: Int
    /// The confidence, 0 to 1.
    public var score: Float
    /// The public id of the track, dense from 1 and given at confirmation; `nil` for an untracked detection.
    public var trackID: UInt64?
    /// Where the box comes from.
    public var origin: Origin

    /// An object in a frame.
    public init(
        box: BoundingBox, classIndex: Int, score: Float, trackID: UInt64? = nil, origin: Origin = .detected
    ) {
        self.box = box
        self.classIndex = classIndex
        self.score = score
        self.trackID = trackID
        self.origin = origin
    }
}
