package import Tracking

/// What a `VideoPipeline` shall do. Every default is what `saccade track` does without options.
public struct PipelineConfiguration: Hashable, Sendable {
    /// How objects are found.
    public var detector: DetectorOptions
    /// How objects are followed; `nil` = detection alone.
    public var tracker: TrackerOptions? = TrackerOptions()
    /// Which frames exist, and which of them the detector looks at.
    public var schedule = FrameSchedule()
    /// What is read of the source.
    public var source = SourceOptions()
    /// How boxes and labels are drawn.
    public var annotation = AnnotationOptions()
    /// How video is encoded.
    public var encoder = EncoderOptions()
    /// Threads for the detector. 0 = one a core.
    public var threads = 0
    /// How these threads share the frames.
    public var mode = DetectionMode.auto
    /// Frames that the detector works on at a time, the threads spread over them; `nil` = what the mode says. It is 1 in
    /// latency mode. On a CPU frames side by side gain what a batch inside the network would, and do not wait for each
    /// other; so this holds for every model, also one that is exported for one picture at a time.
    public var batch: Int?
    /// The age in seconds that 95 of 100 frames of a live source may have at their output: where they are older, the
    /// detector looks at fewer frames, and then at smaller ones. `nil` = it looks at what it can.
    public var latencyBudget: Double?
    /// Bytes of pixels that frames may hold while they wait for the next detection. Past it a seekable file is decoded
    /// a second time for drawing; other sources get predicted boxes instead of interpolated ones.
    public var holdBackLimit = 256 << 20

    /// The defaults with a model.
    public init(model: String) { detector = DetectorOptions(model: model) }
}

/// How objects are found.
public struct DetectorOptions: Hashable, Sendable {
    /// The path of an ONNX detector.
    public var model: String
    /// The least score of a detection, or of what starts a track, 0 to 1.
    public var confidence: Float = 0.25
    /// The IoU above which the weaker of two boxes is dropped, 0 to 1; nil: what the model says, else 0.7.
    public var iou: Float?
    /// The most detections of a frame.
    public var maximumDetections = 300
    /// Whether boxes of different classes suppress each other.
    public var isAgnostic = false
    /// The classes that are kept, by name or number; empty = all.
    public var classes: [String] = []
    /// The side of the network's input in pixels; `nil` = what the model says.
    public var imageSize: Int?
    /// Whether the network always sees a whole square. Otherwise its input has the aspect ratio of the pictures, where
    /// the model allows it: 640×384 instead of 640×640 for 16:9.
    public var isSquare = false
    /// The name of the head, where the shapes leave it open: `yolov8 yolov5 yolov5-raw yolox end-to-end`.
    public var head: String?

    /// The defaults with a model.
    public init(model: String) { self.model = model }
}

/// How objects are followed.
public struct TrackerOptions: Hashable, Sendable {
    /// The least score of a detection that can continue a track, 0 to 1.
    public var lowConfidence: Float = 0.1
    /// Whether the motion of the camera is told from the pictures, and the tracks go with it. It takes a millisecond a
    /// frame and is for cameras that move; of one that stands it says that it stands.
    public var followsCamera = false
    /// All other parameters. Its scores give way to `lowConfidence` and to the detector's confidence.
    package var parameters = TrackerConfiguration()

    /// The defaults.
    public init() {}
}

/// What is read of the source. Times are in seconds on the source's own clock.
public struct SourceOptions: Hashable, Sendable {
    /// Where to begin.
    public var start: Double?
    /// Where to end.
    public var end: Double?
    /// How much to read.
    public var duration: Double?
    /// The rate at which a folder of images is read, frames a second.
    public var imageRate = 25.0
    /// The longest time without a byte, in seconds, before a file or pipe counts as stalled.
    public var stallTimeout = 10.0
    /// Whether a file is read as if it were a camera: frames come when their time has come, and who is too slow for
    /// them leaves some out.
    public var isRealTime = false
    /// Whether a live source ends at its first loss, with the loss's reason; otherwise it is tried again, for ever.
    public var endsOnLoss = false
    /// How RTSP carries pictures: `tcp` or `udp`.
    public var rtspTransport = "tcp"
    /// The size that a camera is asked for: `1280x720`. `nil` = its own.
    public var deviceSize: String?
    /// The rate that a camera is asked for, frames a second.
    public var deviceRate: Double?
    /// The pixel format or codec that a camera is asked for, by FFmpeg's name: `mjpeg`, `yuyv422`.
    public var deviceFormat: String?
    /// The path of the program `saccade`, if live sources shall be decoded in processes of their own, one a source, that
    /// can neither write nor run files: a stream that crashes or hangs its decoder costs that source some seconds and
    /// nothing else. `nil` = this process decodes.
    public var decoder: String?

    /// Everything.
    public init() {}
}

/// How boxes and labels are drawn.
public struct AnnotationOptions: Hashable, Sendable {
    /// Whether boxes have labels.
    public var showsLabels = true
    /// Whether labels hold the score.
    public var showsScores = true
    /// The thickness of a box's line in pixels; `nil` = by the size of the frame.
    public var lineWidth: Int?
    /// For how many seconds the path of a track is drawn; `nil` = not at all.
    public var trace: Double?
    /// The classes whose objects are blurred, by name or number.
    public var blurredClasses: [String] = []
    /// Whether the rate of processing stands in the picture.
    public var showsRate = false
    /// Whether the age of a live source's frame, from its capture until now, stands in the picture.
    public var showsAge = false

    /// The defaults.
    public init() {}
}

/// How video is encoded.
public struct EncoderOptions: Hashable, Sendable {
    /// libavcodec's name of the encoder.
    public var codec = "libx264"
    /// The constant rate factor: 0 is best, 51 smallest.
    public var crf = 23
    /// The encoder's preset, from `ultrafast` to `veryslow`.
    public var preset = "veryfast"

    /// The defaults.
    public init() {}
}
