public import Detections
package import Detectors
import Foundation
import Media
import Synchronization

/// Detects and tracks the objects in a video, and writes what is asked for.
///
///     var configuration = PipelineConfiguration(model: "saccade-n")
///     configuration.detector.classes = ["person", "car"]
///     configuration.schedule.detectEvery = 2
///     let pipeline = try VideoPipeline(configuration)
///     let outputs = RunOutputs(video: "tracked.mp4", results: [ResultOutput(.jsonLines, to: "tracks.jsonl")])
///     let summary = try pipeline.run("street.mp4", to: outputs) { frame in
///         print(frame.seconds, frame.detections.count)
///     }
///     print(summary.frameRate, summary.tracks)
///
/// The model is loaded once; runs may follow each other. A result depends on the source, the options and the kind of
/// processor alone, not on the number of threads or on timing.
public final class VideoPipeline: Sendable {
    /// What was asked for.
    public let configuration: PipelineConfiguration
    private let detector: YOLODetector
    private let stopRequest = Atomic<Bool>(false)

    /// Loads the model and checks the options.
    public init(_ configuration: PipelineConfiguration) throws(SaccadeError) {
        self.configuration = configuration
        try configuration.validate()
        // What reads the video is needed after the model: it comes in the meantime.
        FFmpegLibraries.loadInBackground()
        do {
            var options = YOLODetector.Options()
            options.confidence =
                configuration.tracker.map {
                    min($0.lowConfidence, configuration.detector.confidence)
                } ?? configuration.detector.confidence
            options.iou = configuration.detector.iou
            options.maximumDetections = configuration.detector.maximumDetections
            options.isAgnostic = configuration.detector.isAgnostic
            options.classes = configuration.detector.classes
            options.imageSize = configuration.detector.imageSize
            options.isSquare = configuration.detector.isSquare
            options.head = try configuration.detector.head.map { head throws(SaccadeError) in
                try DetectorOptions.headName(head)
            }
            detector = try YOLODetector(modelPath: configuration.detector.model, options: options)
            _ = try ClassFilter(configuration.annotation.blurredClasses.joined(separator: ","), labels: detector.labels)
        } catch {
            throw SaccadeError(error)
        }
    }

    /// Whether annotated copies of a source go to `output` as images and not as a video: `output` is a folder or names
    /// an image, or the source is an image or a folder of images and `output` does not name a video.
    public static func writesImages(of source: String, to output: String) -> Bool {
        var isFolder: ObjCBool = false
        if output == "-" || StreamAddress.isURL(output) { return false }
        if output.hasSuffix("/") || ImageWriter.canWrite(output) { return true }
        if FileManager.default.fileExists(atPath: output, isDirectory: &isFolder) { return isFolder.boolValue }
        if VideoWriter.namesContainer(output) { return false }
        switch try? InputLocation(source) {
        case .images: return true
        case .file(let path): return InputLocation.hasImageExtension(path)
        default: return false
        }
    }

    /// The names of the model's classes.
    public var labels: ClassLabels { detector.labels }

    /// Processes a source from its beginning to its end and completes the outputs.
    ///
    /// A source that fails after frames were read is not an error of the run: what was read is processed and written,
    /// and the summary tells the reason.
    ///
    /// - Parameters:
    ///   - source: a file, a folder of images, `-` for standard input, or a live source: a camera (`0`, `/dev/video0`),
    ///     a URL (`rtsp`, `rtsps`, `http`, `https`, `udp`, `tcp`), `env:NAME` for one in the environment's variable
    ///     `NAME`, or a test picture (`lavfi:testsrc2`). A live source is read until `stop()`: when it is lost it is tried again, and of its frames the newest is detected in.
    ///   - outputs: what is written.
    ///   - onFrame: called for every frame, in order, after it was written.
    ///   - onSourceEvent: called when a live source, or a stream that is published, comes, goes, or is tried in vain,
    ///     from the thread that reads or writes it.
    ///   - started: called once, before the first frame, with the estimated number of frames.
    public func run(
        _ source: String, to outputs: RunOutputs = RunOutputs(),
        onFrame: (@Sendable (FrameResult) -> Void)? = nil,
        onSourceEvent: (@Sendable (SourceEvent) -> Void)? = nil,
        started: (@Sendable (_ estimatedFrames: Int?) -> Void)? = nil
    ) throws(SaccadeError) -> RunSummary {
        // At the end: a stop just before the run counts.
        defer { stopRequest.store(false, ordering: .relaxed) }
        do {
            let run = try VideoRun(
                source: source, outputs: outputs, configuration: configuration, analysis: .detector(detector),
                onSourceEvent: onSourceEvent, shouldStop: { self.stopRequest.load(ordering: .relaxed) })
            started?(run.estimatedFrames)
            return try run.execute(onFrame: onFrame)
        } catch {
            throw SaccadeError(error)
        }
    }

    /// Processes several sources side by side, with one model and one pool of workers, each to its end.
    ///
    /// They do not wait for each other; what fails is told in the summary of the source that failed. What is written gets
    /// the source's name: `live.mp4` becomes `live-gate.mp4`.
    ///
    /// - Parameters:
    ///   - onFrame: called for every frame, in the order of its source, from that source's own thread.
    ///   - onSourceEvent: as for one source; the events have the names of the list.
    public func run(
        _ list: SourceList, to outputs: RunOutputs = RunOutputs(),
        onFrame: (@Sendable (_ name: String, FrameResult) -> Void)? = nil,
        onSourceEvent: (@Sendable (SourceEvent) -> Void)? = nil
    ) throws(SaccadeError) -> ListSummary {
        defer { stopRequest.store(false, ordering: .relaxed) }
        do {
            let run = try ListRun(
                list, outputs: outputs, configuration: configuration, detector: detector,
                onSourceEvent: onSourceEvent, shouldStop: { self.stopRequest.load(ordering: .relaxed) })
            return run.execute(onFrame: onFrame)
        } catch {
            throw SaccadeError(error)
        }
    }

    /// Ends the run in progress in good order: no more frames are read, what was read is finished. Any thread may call
    /// it, a signal's handler queue for instance.
    public func stop() { stopRequest.store(true, ordering: .relaxed) }
}

extension PipelineConfiguration {
    /// Each thread of the detector is a thread that waits, of which Dispatch has some 250.
    static let mostThreads = 128

    /// Throws a usage error for the first option that makes no sense.
    func validate() throws(SaccadeError) {
        func require(_ condition: Bool, _ message: String) throws(SaccadeError) {
            if !condition { throw .usage(message) }
        }
        try require((0...1).contains(detector.confidence), "the confidence must lie between 0 and 1")
        try require((0...1).contains(detector.iou ?? 0.7), "the IoU threshold must lie between 0 and 1")
        try require(detector.maximumDetections > 0, "the number of detections must be positive")
        try require(
            tracker.map { (0...1).contains($0.lowConfidence) } ?? true, "the low confidence must lie between 0 and 1")
        try require(detector.imageSize.map { $0 > 0 } ?? true, "the image size must be positive")
        try require(schedule.stride > 0, "the stride must be at least 1")
        try require(schedule.detectEvery > 0, "the detection interval must be at least 1")
        try require(schedule.detectRate.map { $0 > 0 && $0.isFinite } ?? true, "the detection rate must be positive")
        try require(
            (0...Self.mostThreads).contains(threads), "the number of threads must lie between 1 and \(Self.mostThreads)"
        )
        try require(
            batch.map { (1...Self.mostThreads).contains($0) } ?? true,
            "the batch must lie between 1 and \(Self.mostThreads)")
        try require(
            mode != .latency || batch ?? 1 == 1, "in latency mode all threads work on one frame: leave out the batch")
        try require(
            latencyBudget.map { $0 > 0 && $0.isFinite } ?? true, "the latency budget must be positive")
        try require(holdBackLimit >= 0, "the hold-back limit cannot be negative")
        try require((0...63).contains(encoder.crf), "the quality (crf) must lie between 0 and 63")
        try require(annotation.lineWidth.map { $0 > 0 } ?? true, "the width of lines must be positive")
        try require(
            annotation.trace.map { $0 >= 0 && $0.isFinite } ?? true, "the length of traces cannot be negative")
        try require(
            ["tcp", "udp"].contains(source.rtspTransport), "the transport of RTSP is tcp or udp")
        try require(
            source.deviceRate.map { $0 > 0 && $0.isFinite } ?? true, "the rate of the camera must be positive")
        try require(
            source.end.map { $0 > source.start ?? 0 } ?? true, "the end must come after the start")
        try require(source.duration.map { $0 > 0 } ?? true, "the duration must be positive")
        try require(source.imageRate > 0 && source.imageRate.isFinite, "the image rate must be positive")
    }
}

extension DetectorOptions {
    package static func headName(_ head: String) throws(SaccadeError) -> YOLOHead.Name {
        if let name = YOLOHead.Name(rawValue: head) { return name }
        let names = YOLOHead.Name.allCases.map(\.rawValue).joined(separator: ", ")
        throw .usage("no head \(head): there are \(names)")
    }
}
