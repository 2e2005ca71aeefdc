import Detections
import Media
import Tracking

/// Runs the tracker alone over detections that are there already, by the code that tracks in video.
///
///     let sequence = try DetectionSequence(contentsOf: "mot15/PETS09-S2L1/det/det.txt")
///     var replay = DetectionReplay()
///     replay.schedule.detectEvery = 3                     // what the detector says in between is not looked at
///     let results = [ResultOutput(.mot, to: "tracks/PETS09-S2L1.txt")]
///     let summary = try replay.run(sequence, to: results) { frame in
///         print(frame.seconds, frame.detections.count)
///     }
///     print(summary.tracks, summary.frameRate)
///
/// A result depends on the detections and the options alone.
public struct DetectionReplay: Hashable, Sendable {
    /// The least score of what starts a track, and of a track in the mean, 0 to 1.
    public var confidence: Float = 0.25
    /// How objects are followed.
    public var tracker = TrackerOptions()
    /// Which frames exist, and in which of them the detections are looked at.
    public var schedule = FrameSchedule()
    /// Whether the boxes of a frame are given before the next frame is looked at, as with a camera: where the detections
    /// are not looked at, boxes are predicted. Otherwise frames wait for the next detection, and boxes come from both
    /// sides.
    public var isOnline = false
    /// By which clock the tracker lives.
    package var clock = Clock.time

    /// What a tracker takes for the time between two detections.
    package enum Clock: String, Hashable, Sendable, CaseIterable {
        /// The time that passed.
        case time
        /// The duration of one frame, however many were skipped: what trackers do that count updates.
        case updates
    }

    /// The defaults of `saccade track`.
    public init() {}

    /// What became of the frames of a sequence.
    package struct Outcome: Hashable, Sendable {
        /// The frames by fate.
        package var frames = RunSummary.Frames()
        /// The boxes that the tracker saw and gave.
        package var detections = 0
        /// The tracks that were confirmed.
        package var tracks = 0
    }

    /// Follows the objects of a sequence.
    ///
    /// - Parameters:
    ///   - shouldStop: asked before each frame; when it says so, what was read is finished.
    ///   - body: takes each frame in order; `false` ends the replay.
    package func follow(
        _ sequence: DetectionSequence, shouldStop: () -> Bool = { false }, _ body: (FrameResult) -> Bool
    ) -> Outcome {
        var outcome = Outcome()
        var walk = FrameSchedule.Walk(schedule)
        var stage = TrackingStage(
            TrackerConfiguration(tracker, confidence: confidence),
            holdBackLimit: isOnline ? TrackingStage.nothingWaits : .max)
        func give(_ frame: consuming Frame) -> Bool {
            let isDetected = frame.fate == .detected
            if isDetected { outcome.frames.detected += 1 } else { outcome.frames.skipped += 1 }
            for detection in frame.detections where detection.origin == .detected { outcome.detections += 1 }
            let index = frame.info.index
            return body(
                FrameResult(
                    index: index, seconds: sequence.seconds(ofFrame: index), detected: isDetected,
                    detections: frame.detections, width: sequence.width, height: sequence.height))
        }
        var goesOn = true
        for (index, detections) in sequence.frames.enumerated() where goesOn && !shouldStop() {
            outcome.frames.read += 1
            let decision = walk.decide(index: index, seconds: sequence.seconds(ofFrame: index))
            if decision == .omit {
                outcome.frames.skipped += 1
                continue
            }
            let info = FrameInfo(index: index, seconds: trackerTime(ofFrame: index, in: sequence))
            let isDetected = decision == .detect
            goesOn = stage.process(
                Frame(info, fate: isDetected ? .detected : .skipped, detections: isDetected ? detections : []), to: give
            )
        }
        if goesOn { _ = stage.finish(to: give) }
        outcome.frames.predicted = stage.predictedFrames
        outcome.tracks = stage.confirmedTracks
        return outcome
    }

    /// The time that the tracker is told. With `.updates` a detection interval lasts as long as a frame does, and the
    /// frames within share it.
    private func trackerTime(ofFrame index: Int, in sequence: DetectionSequence) -> Double {
        switch clock {
        case .time: sequence.seconds(ofFrame: index)
        case .updates: Double(index / schedule.stride) / Double(schedule.detectEvery) / sequence.frameRate
        }
    }
}
