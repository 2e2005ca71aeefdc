/// What a `ModelQuantizer` shall do. Every default is what `saccade quantize` does without options.
public struct QuantizationConfiguration: Hashable, Sendable {
    /// The path of the float model, an ONNX detector.
    public var model: String
    /// The pictures on which the network is watched: a folder of images, an image, or a video.
    public var calibration: String
    /// Where the quantized model goes.
    public var output: String
    /// The most pictures that are used; of more, as many are taken, evenly.
    public var calibrationLimit = 128
    /// The labelled set on which both models are measured; `nil` = their agreement on the calibration pictures is all.
    public var evaluation: EvaluationOptions?
    /// The most that may be lost, in points (hundredths of average precision), before the model is refused.
    public var maximumDrop = 0.5
    /// Whether the model is written though it is slower or worse than allowed.
    public var isForced = false
    /// Tensors that stay float: those whose names begin with one of these.
    public var floatTensors: [String] = []
    /// How many changes to the recipe are tried out on the calibration pictures.
    public var trials = 360
    /// Threads that work on one picture. 0 = one a core.
    public var threads = 0
    /// Whether the network always sees a whole square, in calibration and in measuring.
    public var isSquare = false
    /// The name of the head, where the shapes leave it open.
    public var head: String?

    /// The defaults.
    public init(model: String, calibration: String, output: String) {
        self.model = model
        self.calibration = calibration
        self.output = output
    }

    /// A labelled set of pictures.
    public struct EvaluationOptions: Hashable, Sendable {
        /// The path of a COCO instances file.
        public var annotations: String
        /// The folder of its images; `nil` = beside the file, in a folder named after it, or in the file's own folder.
        public var images: String?

        /// A labelled set.
        public init(annotations: String, images: String? = nil) {
            self.annotations = annotations
            self.images = images
        }
    }

    /// Throws a usage error for the first option that makes no sense.
    func validate() throws(SaccadeError) {
        func require(_ condition: Bool, _ message: String) throws(SaccadeError) {
            if !condition { throw .usage(message) }
        }
        try require(output != "-", "a model is not written to standard output: name a file")
        try require(!output.isEmpty, "the output's name is empty")
        try require(
            (1...10_000).contains(calibrationLimit), "the number of calibration pictures must lie between 1 and 10000")
        try require(maximumDrop >= 0 && maximumDrop <= 100, "the allowed drop must lie between 0 and 100 points")
        try require((0...10_000).contains(trials), "the number of trials must lie between 0 and 10000")
        try require(
            (0...PipelineConfiguration.mostThreads).contains(threads),
            "the number of threads must lie between 1 and \(PipelineConfiguration.mostThreads)")
    }
}
