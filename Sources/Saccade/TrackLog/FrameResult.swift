public import Detections

/// What was found in one frame of a video, or in one image: the unit of every result file and of the Swift API.
public struct FrameResult: Hashable, Sendable {
    /// The place of the frame in its source, from 0; of an image, its place in the run.
    public let index: Int
    /// The frame's time in seconds, from the source's own timestamps; 0 for an image.
    public let seconds: Double
    /// Whether the detector looked at this frame. An empty frame that was looked at shows that nothing was there.
    public let detected: Bool
    /// The objects, boxes in pixels of the displayed frame. Every number in them is finite.
    public let detections: [Detection]
    /// The width of the displayed frame in pixels.
    public let width: Int
    /// The height of the displayed frame in pixels.
    public let height: Int
    /// Seconds from the frame's capture until its result was known, for a live source; `nil` for a file.
    public let age: Double?
    /// The name of the image where a run is over many; `nil` where the run's own name says it.
    public let imageName: String?

    /// A frame's result. Detections whose box or score is not finite are left out, because no result format can hold
    /// them, and a time that is not finite becomes 0.
    public init(
        index: Int, seconds: Double, detected: Bool, detections: [Detection], width: Int, height: Int,
        age: Double? = nil, imageName: String? = nil
    ) {
        self.index = index
        self.seconds = seconds.isFinite ? seconds : 0
        self.detected = detected
        let allFinite = detections.allSatisfy { $0.box.isFinite && $0.score.isFinite }
        self.detections = allFinite ? detections : detections.filter { $0.box.isFinite && $0.score.isFinite }
        self.width = width
        self.height = height
        self.age = age.flatMap { $0.isFinite ? $0 : nil }
        self.imageName = imageName
    }
}

/// What the results of a run are about.
public struct ResultSource: Hashable, Sendable {
    /// Whether the frames follow each other in time.
    public enum Medium: Hashable, Sendable {
        /// The frames of one video.
        case video
        /// Images, each a result of its own.
        case images
    }

    /// The name of the source, as result files show it: a file's name, a camera's name, never a URL with a password.
    public let name: String
    /// Whether the frames follow each other in time.
    public let medium: Medium
    /// The model's class names.
    public let labels: ClassLabels

    /// A source of results.
    public init(name: String, medium: Medium, labels: ClassLabels) {
        self.name = name
        self.medium = medium
        self.labels = labels
    }

    /// The name that stands beside a frame: the image's own where it has one.
    package func name(of frame: FrameResult) -> String { frame.imageName ?? name }

    /// The last component of a frame's name without its extension, safe as a part of a file name: never empty, no
    /// leading dot, no separators or control characters, at most 200 bytes.
    package func stem(of frame: FrameResult) -> String {
        var stem = Substring(name(of: frame).split(separator: "/").last ?? "")
        if let dot = stem.lastIndex(of: "."), dot != stem.startIndex { stem = stem[..<dot] }
        var safe = String.UnicodeScalarView()
        var size = 0
        for scalar in stem.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            let kept: Unicode.Scalar = isControl || scalar == "\\" || (safe.isEmpty && scalar == ".") ? "_" : scalar
            size += UTF8.width(kept)
            if size > 200 { break }
            safe.append(kept)
        }
        return safe.isEmpty || name(of: frame) == "-" ? "frame" : String(safe)
    }
}
