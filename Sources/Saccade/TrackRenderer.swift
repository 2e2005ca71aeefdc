import Synchronization

/// Draws a track log into the video that it belongs to, without a detector.
///
///     let renderer = TrackRenderer()
///     let summary = try renderer.run("street.mp4", tracks: "tracks.jsonl", to: "street-tracked.mp4")
public final class TrackRenderer: Sendable {
    private let configuration: PipelineConfiguration
    private let stopRequest = Atomic<Bool>(false)

    /// A renderer with its options.
    public init(
        source: SourceOptions = SourceOptions(), annotation: AnnotationOptions = AnnotationOptions(),
        encoder: EncoderOptions = EncoderOptions()
    ) {
        var configuration = PipelineConfiguration(model: "")
        configuration.source = source
        configuration.annotation = annotation
        configuration.encoder = encoder
        self.configuration = configuration
    }

    /// Draws the log's boxes frame by frame; frames that the log does not have stay as they are.
    ///
    /// - Parameters:
    ///   - source: the video. With `source.start` it must begin where the tracked run began.
    ///   - tracks: the log, JSON Lines; `-` is standard input.
    ///   - output: the annotated video; the extension names the container.
    ///   - onFrame: called for every frame, in order, after it was written.
    ///   - started: called once, before the first frame, with the estimated number of frames.
    public func run(
        _ source: String, tracks: String, to output: String,
        onFrame: (@Sendable (FrameResult) -> Void)? = nil,
        started: (@Sendable (_ estimatedFrames: Int?) -> Void)? = nil
    ) throws(SaccadeError) -> RunSummary {
        defer { stopRequest.store(false, ordering: .relaxed) }
        do {
            try configuration.validate()
            try OutputConflicts.check(outputs: [output], inputs: [source, tracks])
            let run = try VideoRun(
                source: source, outputs: RunOutputs(video: output), configuration: configuration,
                analysis: .log(TrackLogReplay(path: tracks)),
                shouldStop: { self.stopRequest.load(ordering: .relaxed) })
            started?(run.estimatedFrames)
            return try run.execute(onFrame: onFrame)
        } catch {
            throw SaccadeError(error)
        }
    }

    /// Ends the run in progress in good order.
    public func stop() { stopRequest.store(true, ordering: .relaxed) }
}
