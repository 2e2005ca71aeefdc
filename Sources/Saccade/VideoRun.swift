import Detections
import Detectors
import Foundation
import Imaging
import Media
import Pipelines
import Synchronization
import Tracking

/// One run over one source: the stages and the queues between them, in the order of a frame's way.
///
///     decode → detect (several workers, in order) → track → draw → write
///     decode → replay a track log                        → draw → write
///
/// With other sources beside it (`VideoPipeline.run(_:SourceList)`) one stage detects, with a worker that is its own for
/// the time of a frame.
///
/// Files block: every queue waits when it is full, so no frame is lost and the result does not depend on timing. Before
/// the detector of a live source the newest frame wins, and what it overtakes is counted; its boxes are predicted where
/// the detector does not look, since nothing waits for the next detection.
final class VideoRun: @unchecked Sendable {
    // Sendable: a stored variable is touched by one stage only, and read by `execute` after all stages have ended.

    /// Where the boxes come from.
    enum Analysis {
        /// With workers that other runs use too, or with the run's own.
        case detector(YOLODetector, DetectorPool? = nil)
        case log(TrackLogReplay)
    }

    private let configuration: PipelineConfiguration
    private let analysis: Analysis
    private let sourcePath: String
    private let outputPaths: [String]
    private let shouldStop: @Sendable () -> Bool

    private let source: MediaSource
    /// The same file once more, for drawing, when its frames are too many to be held until the next detection.
    private let drawingSource: MediaSource?
    /// The run's own, each of which takes frames as they come; none where they are shared.
    private let workers: [YOLODetector.Worker]
    private let results: ResultOutputs
    private let output: PictureOutput?

    private let decoded: BoundedQueue<Frame>
    // One frame in each is enough for the stages beside it to work at once, and a frame is megabytes.
    private let detected = BoundedQueue<Frame>(capacity: 1, whenFull: .block)
    private let tracked = BoundedQueue<Frame>(capacity: 1, whenFull: .block)
    private let drawn = BoundedQueue<Frame>(capacity: 1, whenFull: .block)
    private let turnstile = Turnstile()
    private let working: Atomic<Int>
    private let stages = StageGroup()

    private let decodeTime = StageMetrics("decode")
    private let waitTime = StageMetrics("wait")
    private let detectTime = StageMetrics("detect")
    private let trackTime = StageMetrics("track")
    private let drawTime = StageMetrics("draw")
    private let encodeTime = StageMetrics("encode")
    private let logTime = StageMetrics("log")
    private let latency = StageMetrics("latency")
    private let age = StageMetrics("age")

    private let isLive: Bool
    /// Of a live source: what is decided when a frame comes to the detector, since frames before it may be gone.
    private var liveWalk: FrameSchedule.Walk?
    private var liveFrames = 0
    /// Of a live source with a budget: written by the last stage, asked by the detecting one.
    private let control: Mutex<LatencyControl?>

    private var readFrames = 0
    private var omittedFrames = 0
    private var undecodablePackets = 0
    private var fault: MediaError?
    private var reachedEnd = false
    private var trailingPackets: [Packet] = []
    private var predictedFrames = 0
    private var confirmedTracks = 0
    private var written = RunSummary.Frames()
    private var detectionCount = 0

    init(
        source path: String, name: String? = nil, outputs: RunOutputs, configuration: PipelineConfiguration,
        analysis: Analysis,
        onSourceEvent: (@Sendable (SourceEvent) -> Void)? = nil, shouldStop: @escaping @Sendable () -> Bool
    ) throws {
        self.configuration = configuration
        self.analysis = analysis
        // First: without a screen nothing is begun.
        let viewer = outputs.showsWindow ? try PictureViewer(shouldStop: shouldStop) : nil
        let shouldStop: @Sendable () -> Bool = { shouldStop() || viewer?.isClosed ?? false }
        self.shouldStop = shouldStop
        sourcePath = LogCapture.redacted(path)
        outputPaths = outputs.paths.filter { $0 != "-" }.map(LogCapture.redacted)
        // Before a source is waited for.
        if let video = outputs.video { _ = try StreamAddress(video) }
        try OutputConflicts.check(
            outputs: outputs.files, inputs: [path, configuration.detector.model].filter { !$0.isEmpty })
        let wanted = configuration.threads > 0 ? configuration.threads : ProcessInfo.processInfo.activeProcessorCount
        let threads = min(wanted, PipelineConfiguration.mostThreads)
        var options = MediaOptions(
            configuration.source, deliversOtherStreams: outputs.video != nil && !outputs.publishes)
        // They travel with the frames, of which some will be left out.
        if options.live.isRealTime { options.deliversOtherStreams = false }
        if let onSourceEvent {
            options.live.onEvent = { [age] event in onSourceEvent(SourceEvent(event, name: name, age: age)) }
        }
        source = try MediaSource(path, options: options, shouldCancel: shouldStop)
        let info = source.info
        isLive = info.isLive
        if isLive {
            var schedule = configuration.schedule
            schedule.stride = 1
            liveWalk = FrameSchedule.Walk(schedule)
        }
        if isLive, let budget = configuration.latencyBudget, case .detector(let detector, _) = analysis {
            control = Mutex(LatencyControl(budget: budget, canResize: detector.input.isRectangular))
        } else {
            control = Mutex(nil)
        }
        let labels: ClassLabels
        switch analysis {
        case .detector(let detector, let pool):
            let shares = pool == nil ? configuration.workers(threads: threads, for: info) : []
            workers = try shares.map { threads in
                try detector.makeWorker(threads: threads, pictureSize: (info.width, info.height))
            }
            labels = detector.labels
        case .log:
            workers = []
            labels = ClassLabels([])
        }
        working = Atomic(workers.count)
        // A batch that is larger than the workers are many waits here.
        decoded =
            isLive
            ? BoundedQueue(capacity: 1, whenFull: .dropOldest)
            : BoundedQueue(capacity: max(1, (configuration.batch ?? 0) - workers.count), whenFull: .block)
        let medium: ResultSource.Medium = info.isImageSequence ? .images : .video
        let name = ResultSource(name: name ?? Self.name(of: path), medium: medium, labels: labels)
        results = try ResultOutputs(outputs.results, source: name)
        output = try PictureOutput(
            outputs, source: source, named: name, configuration: configuration, viewer: viewer
        ) { [age] event in
            onSourceEvent?(SourceEvent(event, of: .output, age: age))
        }
        // As a real number: an interval may be as large as an integer can be.
        let held =
            Double(configuration.schedule.longestGap(frameRate: info.frameRate.value))
            * Double(info.width * info.height * 3 / 2)
        drawingSource =
            output != nil && !isLive && held > Double(configuration.holdBackLimit) && source.isSeekable
            ? try MediaSource(path, options: options) : nil
    }

    /// A file's name; of a URL all but its secrets.
    private static func name(of path: String) -> String {
        if case .live(let input) = try? InputLocation(path) { return input.description }
        return (path as NSString).lastPathComponent
    }

    /// How many frames the source says to have; `nil` when it does not say.
    var estimatedFrames: Int? {
        source.info.estimatedFrameCount.map { (max($0, 1) - 1) / configuration.schedule.stride + 1 }
    }

    /// Runs the stages, completes the outputs and sums up.
    func execute(onFrame: (@Sendable (FrameResult) -> Void)?) throws -> RunSummary {
        let start = ContinuousClock.now
        stages.onCancel { [decoded, detected, tracked, drawn, turnstile, source, drawingSource, output] in
            source.cancel()
            drawingSource?.cancel()
            output?.cancel()
            for queue in [decoded, detected, tracked, drawn] { queue.cancel() }
            turnstile.cancel()
        }
        stages.start("write") { try self.write(onFrame) }
        stages.start("draw") { try self.draw() }
        switch analysis {
        case .detector(let detector, let pool):
            stages.start("track") { self.track(labels: detector.labels) }
            for worker in workers { stages.start("detect") { try self.detect(worker) } }
            if let pool { stages.start("detect") { try self.detect(inTurn: pool) } }
        case .log(let log):
            stages.start("replay") { try self.replay(log) }
        }
        stages.start("decode") { try self.decode() }
        do {
            try stages.join()
        } catch {
            // Result files stay under their `.part` names, the video is playable up to its last fragment.
            output?.abandon()
            throw error
        }
        var summary = summary()
        // Complete logs are kept when the video cannot be completed.
        let finished = Result { try output?.finish(trailing: trailingPackets, summary: &summary) }
        try results.finish()
        try finished.get()
        summary.wallTime = (ContinuousClock.now - start) / .seconds(1)
        guard summary.frames.isConserved else {
            throw SaccadeError(reason: "internal", message: "frames were lost: \(summary.frames)", exitCode: 70)
        }
        return summary
    }

    // MARK: The stages

    private func decode() throws {
        defer { decoded.finish() }
        var walk = FrameSchedule.Walk(configuration.schedule)
        var passthrough: [Packet] = []
        while !shouldStop() {
            do {
                let start = ContinuousClock.now
                switch try source.next() {
                case .end(let packets):
                    trailingPackets = passthrough + packets
                    reachedEnd = !shouldStop()
                    return
                case .frame(let frame):
                    decodeTime.record(since: start)
                    readFrames += 1
                    passthrough += frame.packets
                    let decision = walk.decide(index: frame.info.index, seconds: frame.info.seconds)
                    if decision == .omit {
                        omittedFrames += 1
                        continue
                    }
                    let skips = decision == .skip && !isLive
                    let fate: Frame.Fate = frame.info.isCorrupt ? .corrupt : skips ? .skipped : .detected
                    let next = Frame(frame, fate: fate, passthrough: passthrough)
                    passthrough = []
                    guard decoded.push(next) else { return }
                }
            } catch {
                // What was read before the fault is worth finishing; a source without a single frame is an error.
                guard readFrames > 0 else { throw error }
                fault = error
                return
            }
        }
    }

    private func detect(_ worker: YOLODetector.Worker) throws {
        // The last worker to leave closes the way.
        defer { if working.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { detected.finish() } }
        while var taken = turnstile.enter({ takeDecoded() }) {
            try detect(&taken.element, worker)
            if !keepsPixels, !followsCamera { taken.element.image = nil }
            guard turnstile.leave(taken, { _ = detected.push($0) }) else { return }
        }
    }

    /// Waits for a turn with the newest frame. Frames that the detector does not look at need none; and a stage behind
    /// that is slow keeps this source waiting, and no worker.
    private func detect(inTurn pool: DetectorPool) throws {
        defer { detected.finish() }
        while let needsTurn = decoded.peek({ self.isForDetector($0) }) {
            let taken =
                needsTurn
                ? try pool.lend { worker -> Frame? in
                    guard var frame = takeDecoded() else { return nil }
                    try detect(&frame, worker)
                    return frame
                } : takeDecoded()
            guard var frame = taken else { return }
            if !keepsPixels, !followsCamera { frame.image = nil }
            guard detected.push(frame) else { return }
        }
    }

    /// Whether the tracker looks at the pictures.
    private var followsCamera: Bool { configuration.tracker?.followsCamera ?? false }

    /// Whether somebody will draw on the frames that were detected in.
    private var keepsPixels: Bool { output != nil && drawingSource == nil }

    private func detect(_ frame: inout Frame, _ worker: YOLODetector.Worker) throws {
        guard frame.fate == .detected else { return }
        waitTime.record(since: frame.arrival)
        let share = control.withLock { $0?.level.share ?? 1 }
        try detectTime.measure { try frame.detect(with: worker, share: share) }
    }

    private func isForDetector(_ frame: borrowing Frame) -> Bool {
        guard frame.fate == .detected, var walk = liveWalk else { return frame.fate == .detected }
        return decide(with: &walk, frame.info.seconds) == .detect
    }

    /// What happens to the next frame of a live source, by the schedule and by the budget.
    private func decide(with walk: inout FrameSchedule.Walk, _ seconds: Double) -> FrameSchedule.Decision {
        if liveFrames % control.withLock({ $0?.level.detectEvery ?? 1 }) != 0 { return .skip }
        return walk.decide(index: liveFrames, seconds: seconds)
    }

    /// The next frame for a worker; one worker at a time is here.
    private func takeDecoded() -> Frame? {
        guard var frame = decoded.pop() else { return nil }
        if frame.fate == .detected, var walk = liveWalk {
            if decide(with: &walk, frame.info.seconds) == .skip { frame.fate = .skipped }
            liveWalk = walk
            liveFrames += 1
        }
        return frame
    }

    private func track(labels: ClassLabels) {
        defer { tracked.finish() }
        var waited = Duration.zero  // for the next stage: not this one's time
        func push(_ frame: consuming Frame) -> Bool {
            let start = ContinuousClock.now
            defer { waited += ContinuousClock.now - start }
            frame.labels = labels
            return tracked.push(frame)
        }
        guard let options = configuration.tracker else {
            while let frame = detected.pop() { guard push(frame) else { return } }
            return
        }
        var stage = TrackingStage(
            TrackerConfiguration(options, confidence: configuration.detector.confidence),
            followsCamera: followsCamera,
            holdBackLimit: isLive ? TrackingStage.nothingWaits : configuration.holdBackLimit)
        while var frame = detected.pop() {
            let start = ContinuousClock.now
            waited = .zero
            if followsCamera, let image = frame.image.take() {
                stage.follow(image)
                if keepsPixels { frame.image = consume image }
            }
            guard stage.process(frame, to: push) else { return }
            trackTime.record(ContinuousClock.now - start - waited)
        }
        _ = stage.finish(to: push)
        predictedFrames = stage.predictedFrames
        confirmedTracks = stage.confirmedTracks
    }

    private func replay(_ log: TrackLogReplay) throws {
        defer { tracked.finish() }
        while var frame = decoded.pop() {
            try trackTime.measure { try log.fill(&frame) }
            guard tracked.push(frame) else { return }
        }
    }

    private func draw() throws {
        defer { drawn.finish() }
        while var frame = tracked.pop() {
            if let output {
                try drawTime.measure {
                    if let drawingSource { frame.image = try image(at: frame.info.index, of: drawingSource) }
                    output.draw(&frame)
                }
            }
            guard drawn.push(frame) else { return }
        }
    }

    private func write(_ onFrame: (@Sendable (FrameResult) -> Void)?) throws {
        let start = MonotonicTime.now
        while var frame = drawn.pop() {
            frame.age = frame.info.captured?.age
            let result = frame.result
            if !results.isEmpty { try logTime.measure { try results.write(result) } }
            if let output { try encodeTime.measure { try output.write(&frame) } }
            switch frame.fate {
            case .detected: written.detected += 1
            case .skipped: written.skipped += 1
            case .corrupt: written.corrupt += 1
            }
            for detection in frame.detections where detection.origin == .detected { detectionCount += 1 }
            latency.record(since: frame.arrival)
            if let captured = frame.info.captured {
                age.record(.seconds(captured.age))
                control.withLock { _ = $0?.record(age: captured.age, at: start.age) }
            }
            onFrame?(result)
        }
    }

    /// The pixels of the frame with number `index`, from the second decoding. It is an error when that has no such
    /// frame: a video without the frame would not be what the log says.
    private func image(at index: Int, of source: MediaSource) throws(MediaError) -> Image {
        while true {
            switch try source.next() {
            case .end:
                throw MediaError(
                    .io, "Frame \(index) is missing in the second decoding: the file changed while it was read")
            case .frame(let frame):
                if frame.info.index == index { return frame.takeImage() }
            }
        }
    }

    // MARK: The figures

    private func summary() -> RunSummary {
        var summary = RunSummary(source: sourcePath)
        switch analysis {
        case .detector: summary.model = configuration.detector.model
        case .log(let log): if let note = log.damage { summary.notes.append(note) }
        }
        summary.frames = written
        summary.frames.read = readFrames
        summary.frames.skipped += omittedFrames
        summary.frames.predicted = predictedFrames
        if decoded.dropCount > 0 {
            summary.frames.dropped = decoded.dropCount
            summary.frames.dropReasons["overtaken"] = decoded.dropCount
        }
        summary.budget = control.withLock(\.self).map {
            RunSummary.Budget(
                seconds: $0.budget, kept: $0.keptShare, detectEvery: $0.level.detectEvery, share: $0.level.share)
        }
        if isLive { summary.age = RunSummary.Stage(age.snapshot) }
        summary.connections = source.history.map {
            RunSummary.Connections(
                made: $0.connections,
                losses: Dictionary(uniqueKeysWithValues: $0.losses.map { ($0.key.rawValue, $0.value) }),
                downtime: $0.downtime)
        }
        let damage = source.damage
        summary.frames.undecodablePackets = damage.packets
        summary.frames.unreadableImages = damage.files.count
        summary.detections = detectionCount
        summary.tracks = confirmedTracks
        if let fault {
            summary.reason = fault.reason.rawValue
            summary.message = fault.description
            summary.exitCode = fault.exitCode
        } else if let first = damage.files.first {
            let count = damage.files.count
            summary.reason = first.error.reason.rawValue
            summary.message =
                "\(count) of \(count + readFrames) images could not be read, the others are done; the first: "
                + first.error.description
            summary.exitCode = 75
        } else if !reachedEnd {
            summary.reason = "interrupted"
        }
        summary.notes += damage.files.prefix(20).map { "left out: \($0.error)" }
        if damage.files.count > 20 { summary.notes.append("… and \(damage.files.count - 20) more") }
        summary.stages = [decodeTime, waitTime, detectTime, trackTime, drawTime, encodeTime, logTime]
            .map { RunSummary.Stage($0.snapshot) }.filter { $0.count > 0 }
        summary.latency = RunSummary.Stage(latency.snapshot)
        summary.outputs = outputPaths
        return summary
    }
}

extension MediaOptions {
    fileprivate init(_ options: SourceOptions, deliversOtherStreams: Bool) {
        self.init()
        startTime = options.start
        endTime = options.end
        duration = options.duration
        imageRate = Rational(approximating: options.imageRate)
        stallTimeout = options.stallTimeout
        live.isRealTime = options.isRealTime
        live.endsOnLoss = options.endsOnLoss
        live.rtspTransport = options.rtspTransport
        live.deviceSize = options.deviceSize
        live.deviceRate = options.deviceRate
        live.deviceFormat = options.deviceFormat
        live.decoder = options.decoder
        self.deliversOtherStreams = deliversOtherStreams
    }
}

extension Rational {
    /// The nearest fraction with denominator 1001 or 1000: exact for 25, 29.97 (30000/1001) and 12.5.
    fileprivate init(approximating rate: Double) {
        let ntsc = (rate * 1.001).rounded()
        if abs(ntsc / 1.001 - rate) < 0.005, abs(rate - rate.rounded()) > 1e-9, ntsc >= 1, ntsc < 1e6 {
            self.init(Int32(ntsc) * 1000, 1001)
        } else {
            self.init(Int32(min(max((rate * 1000).rounded(), 1), 1e9)), 1000)
        }
    }
}

extension TrackerConfiguration {
    init(_ options: TrackerOptions, confidence: Float) {
        self = options.parameters
        trackHigh = confidence
        trackLow = min(options.lowConfidence, confidence)
    }
}
