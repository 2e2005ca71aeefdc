import Detections
import Foundation
import Saccade
import Synchronization

/// The video of a sweep: what the detector finds in it, and how fast whole runs are.
struct SweepVideo {
    let path: String
    let detector: DetectorOptions
    let arguments: DetectorArguments

    /// What is found in each frame, with the lowest score that the tracker uses.
    func detections(
        named name: String, tracker: DetectionReplay, progress: ProgressStyle
    ) throws(SaccadeError) -> DetectionSequence {
        var configuration = configuration
        configuration.tracker = nil
        configuration.detector.confidence = min(tracker.confidence, tracker.tracker.lowConfidence)
        let found = Mutex<[FrameResult]>([])
        try run(configuration, progress) { frame in found.withLock { $0.append(frame) } }
        let frames = found.withLock { $0 }
        guard let first = frames.first, let last = frames.last, last.seconds > first.seconds else {
            throw SaccadeError(
                reason: "no_video", message: "\(path) has no frames that follow each other in time", exitCode: 65)
        }
        return DetectionSequence(
            name: name, frameRate: Double(frames.count - 1) / (last.seconds - first.seconds),
            frames: frames.map(\.detections), times: frames.map(\.seconds), width: first.width, height: first.height)
    }

    /// The frames a second of a whole run, without an annotated copy.
    func frameRate(
        _ interval: Int, tracker: DetectionReplay, progress: ProgressStyle
    ) throws(SaccadeError) -> Double {
        var configuration = configuration
        configuration.tracker = tracker.tracker
        configuration.detector.confidence = tracker.confidence
        configuration.schedule.detectEvery = interval
        return try run(configuration, progress) { _ in }.frameRate
    }

    private var configuration: PipelineConfiguration {
        var configuration = PipelineConfiguration(model: detector.model)
        configuration.detector = detector
        configuration.threads = arguments.threads ?? 0
        configuration.mode = arguments.mode
        configuration.batch = arguments.batch
        return configuration
    }

    @discardableResult
    private func run(
        _ configuration: PipelineConfiguration, _ progress: ProgressStyle,
        _ onFrame: @escaping @Sendable (FrameResult) -> Void
    ) throws(SaccadeError) -> RunSummary {
        let pipeline = try VideoPipeline(configuration)
        let reporter = RunReporter(progress: progress)
        let summary = try reporter.observe(stop: pipeline.stop) { observer throws(SaccadeError) in
            try pipeline.run(
                path,
                onFrame: { frame in
                    onFrame(frame)
                    observer.onFrame(frame)
                }, started: observer.started)
        }
        if let signal = reporter.signal {
            throw SaccadeError(reason: "interrupted", message: "interrupted", exitCode: 128 + signal)
        }
        guard summary.exitCode == 0 else {
            throw SaccadeError(
                reason: summary.reason, message: summary.message ?? "the video ended early",
                exitCode: summary.exitCode)
        }
        return summary
    }
}
