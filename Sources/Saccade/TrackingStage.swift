import Detections
import DequeModule
import Imaging
import Media
import Tracking

/// Follows the objects from frame to frame, and fills the frames that the detector did not see.
///
/// A detection frame and the skipped ones after it wait for the next detection frame: then what lies between is
/// interpolated from both sides, a track that was only just confirmed is filled back, and one that was missed once has
/// no hole. The wait is one detection interval, and what it may hold is bounded: past `holdBackLimit` bytes the
/// waiting frames go on at once, skipped ones with predicted boxes.
struct TrackingStage: ~Copyable {
    /// Where frames go; `false` when nobody takes them any more.
    typealias Output = (consuming Frame) -> Bool

    private var tracker: Tracker
    private var interpolator = TrackInterpolator()
    private var seen: [Detection] = []
    private var camera: CameraMotionEstimator?
    /// Since the last detection.
    private var cameraMotion = SimilarityTransform.identity
    /// What moves by itself: the boxes of the last detection, where they were in the last frame.
    private var moving: [BoundingBox] = []
    private var waiting = UniqueDeque<Frame>()
    private var waitingTimes: [Double] = []
    private var waitingMotions: [SimilarityTransform] = []
    private var waitingBytes = 0
    private let holdBackLimit: Int
    /// Skipped frames whose boxes were predicted for want of room.
    private(set) var predictedFrames = 0

    /// The limit with which every frame goes on at once.
    static let nothingWaits = -1

    init(_ configuration: TrackerConfiguration, followsCamera: Bool = false, holdBackLimit: Int) {
        tracker = Tracker(configuration)
        camera = followsCamera ? CameraMotionEstimator() : nil
        self.holdBackLimit = holdBackLimit
    }

    /// The tracks that were confirmed so far.
    var confirmedTracks: Int { Int(clamping: tracker.nextID) - 1 }

    /// Looks where the camera went since the last frame; to be called for each frame that has pixels, before `process`.
    mutating func follow(_ image: borrowing Image) {
        guard let step = camera?.update(with: image, excluding: moving).transform else { return }
        cameraMotion = cameraMotion.followed(by: step)
        for index in moving.indices { moving[index] = step.apply(moving[index]) }
    }

    /// Takes the next frame; passes on every frame whose boxes are known now, in order.
    mutating func process(_ frame: consuming Frame, to output: Output) -> Bool {
        let seconds = frame.info.seconds
        if frame.fate == .detected {
            tracker.update(
                detections: frame.detections, at: seconds, cameraMotion: cameraMotion, into: &seen)
            cameraMotion = .identity
            if camera != nil {
                moving.removeAll(keepingCapacity: true)
                for detection in seen { moving.append(detection.box) }
            }
            swap(&frame.detections, &seen)
            let filled = interpolator.advance(tracker, heldBack: waitingTimes)
            guard release(filled, to: output) else { return false }
        }
        waitingBytes += frame.heldBytes
        waitingTimes.append(seconds)
        waitingMotions.append(cameraMotion)
        waiting.append(frame)
        return waitingBytes <= holdBackLimit || releasePredicted(to: output)
    }

    /// Passes on what still waits at the end of the source.
    mutating func finish(to output: Output) -> Bool {
        release(interpolator.finish(heldBack: waitingTimes), to: output)
    }

    private mutating func release(_ detections: [[Detection]], to output: Output) -> Bool {
        for boxes in detections {
            guard var frame = waiting.popFirst() else { break }
            frame.detections = boxes
            guard output(frame) else { return false }
        }
        waitingTimes.removeAll(keepingCapacity: true)
        waitingMotions.removeAll(keepingCapacity: true)
        waitingBytes = 0
        return true
    }

    private mutating func releasePredicted(to output: Output) -> Bool {
        for motion in waitingMotions {
            guard var frame = waiting.popFirst() else { break }
            if frame.fate != .detected {
                frame.detections = tracker.predicted(at: frame.info.seconds, cameraMotion: motion)
            }
            if frame.fate == .skipped { predictedFrames += 1 }
            guard output(frame) else { return false }
        }
        waitingTimes.removeAll(keepingCapacity: true)
        waitingMotions.removeAll(keepingCapacity: true)
        waitingBytes = 0
        return true
    }
}
