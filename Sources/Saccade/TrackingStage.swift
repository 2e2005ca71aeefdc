import Detections
import DequeModule
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
    private var waiting = UniqueDeque<Frame>()
    private var waitingTimes: [Double] = []
    private var waitingBytes = 0
    private let holdBackLimit: Int
    /// Skipped frames whose boxes were predicted for want of room.
    private(set) var predictedFrames = 0

    /// The limit with which every frame goes on at once.
    static let nothingWaits = -1

    init(_ configuration: TrackerConfiguration, holdBackLimit: Int) {
        tracker = Tracker(configuration)
        self.holdBackLimit = holdBackLimit
    }

    /// The tracks that were confirmed so far.
    var confirmedTracks: Int { Int(clamping: tracker.nextID) - 1 }

    /// Takes the next frame; passes on every frame whose boxes are known now, in order.
    mutating func process(_ frame: consuming Frame, to output: Output) -> Bool {
        let seconds = frame.info.seconds
        if frame.fate == .detected {
            tracker.update(detections: frame.detections, at: seconds, into: &seen)
            swap(&frame.detections, &seen)
            let filled = interpolator.advance(tracker, heldBack: waitingTimes)
            guard release(filled, to: output) else { return false }
        }
        waitingBytes += frame.heldBytes
        waitingTimes.append(seconds)
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
        waitingBytes = 0
        return true
    }

    private mutating func releasePredicted(to output: Output) -> Bool {
        while var frame = waiting.popFirst() {
            if frame.fate != .detected { frame.detections = tracker.predicted(at: frame.info.seconds) }
            if frame.fate == .skipped { predictedFrames += 1 }
            guard output(frame) else { return false }
        }
        waitingTimes.removeAll(keepingCapacity: true)
        waitingBytes = 0
        return true
    }
}
