package import Detections

/// Boxes for the frames that the detector skipped, from the detection frames on both sides: for files, where a frame may
/// wait for what comes after it.
///
///     var interpolator = TrackInterpolator()
///     _ = tracker.update(detections: first, at: t0)
///     _ = interpolator.advance(tracker, heldBack: [])
///     // the detection frame at t0 and the skipped frames after it wait …
///     _ = tracker.update(detections: second, at: t1)
///     let boxes = interpolator.advance(tracker, heldBack: [t0, t0 + d, t0 + 2 * d])   // … until here
///     let last = interpolator.finish(heldBack: [t1, t1 + d])
///
/// Held back are the frames of one detection interval, t0 ≤ t < t1: the skipped ones, and, where the caller can afford
/// it, the detection frame at t0 itself (also when every frame is a detection frame). A held-back frame gets
/// - the tracks that were seen at t1, on the line from their observation before to the one at t1 (`.interpolated`; at
///   the time of that observation the observation itself, `.detected`). So a track that was still tentative at t0 and is
///   confirmed by t1 is filled back, and one that was missed at t0 and found again at t1 has no hole in this interval;
/// - the tracks that were seen at t0 and not at t1: at t0 as they were, later as the filter predicts them for at most
///   `extrapolationTime` (`.predicted`).
package struct TrackInterpolator: Sendable {
    /// For how many seconds a track that was not seen again is continued.
    package var extrapolationTime: Double
    /// The longest gap between two observations that is filled, in seconds.
    package var maximumGap: Double

    /// Times that differ by less are the same, in seconds.
    private static let tolerance = 1e-6

    /// A confirmed track as it was at the previous detection frame.
    private struct Ending: Sendable {
        let detection: Detection
        let motion: KalmanFilter.State
    }

    private var endings: [Ending] = []
    private var endTime = 0.0
    private var filter = KalmanFilter()

    /// An interpolator at the start of a file.
    package init(extrapolationTime: Double = 0.2, maximumGap: Double = .infinity) {
        self.extrapolationTime = extrapolationTime
        self.maximumGap = maximumGap
    }

    /// Takes the tracker right after its update at t1 and gives the boxes of the frames at `times`, all of them from the
    /// previous detection frame (inclusive) to t1 (exclusive), in the same order.
    package mutating func advance(_ tracker: Tracker, heldBack times: [Double]) -> [[Detection]] {
        var result: [[Detection]] = []
        result.reserveCapacity(times.count)
        for time in times {
            var frame: [Detection] = []
            for track in tracker.tracks {
                if let detection = interpolated(track, at: time) { frame.append(detection) }
            }
            for ending in endings where !tracker.tracks.contains(where: { Self.continues($0, ending) }) {
                if let detection = continued(ending, at: time) { frame.append(detection) }
            }
            result.append(frame)
        }
        remember(tracker)
        return result
    }

    /// The boxes of the frames at `times`, from the last detection frame (inclusive) on; then the interpolator is as new.
    package mutating func finish(heldBack times: [Double]) -> [[Detection]] {
        let result = times.map { time in endings.compactMap { continued($0, at: time) } }
        endings.removeAll(keepingCapacity: true)
        return result
    }

    private static func continues(_ track: Track, _ ending: Ending) -> Bool {
        track.state == .confirmed && track.id == ending.detection.trackID
    }

    private func interpolated(_ track: Track, at time: Double) -> Detection? {
        guard var detection = track.detection, let before = track.previous else { return nil }
        let (start, end) = (before.time, track.latest.time)
        guard time >= start - Self.tolerance, time < end, end - start <= maximumGap else { return nil }
        if time <= start + Self.tolerance {
            detection.box = before.box
            detection.score = before.score
        } else {
            let part = Float((time - start) / (end - start))
            detection.box = before.box.moved(to: track.latest.box, part: part)
            detection.score = before.score + part * (track.latest.score - before.score)
            detection.origin = .interpolated
        }
        return detection
    }

    private func continued(_ ending: Ending, at time: Double) -> Detection? {
        let passed = time - endTime
        guard passed > Self.tolerance else { return passed >= -Self.tolerance ? ending.detection : nil }
        guard passed <= extrapolationTime else { return nil }
        var motion = ending.motion
        filter.predict(&motion, seconds: passed)
        guard motion.isFinite else { return nil }
        var detection = ending.detection
        detection.box = motion.box
        detection.origin = .predicted
        return detection
    }

    private mutating func remember(_ tracker: Tracker) {
        filter = tracker.configuration.filter
        endTime = tracker.time ?? 0
        endings.removeAll(keepingCapacity: true)
        for track in tracker.tracks {
            if let detection = track.detection { endings.append(Ending(detection: detection, motion: track.motion)) }
        }
    }
}

extension BoundingBox {
    /// The box on the straight way to another one: 0 is here, 1 is there.
    package func moved(to other: BoundingBox, part: Float) -> BoundingBox {
        BoundingBox(
            x1: x1 + part * (other.x1 - x1), y1: y1 + part * (other.y1 - y1), x2: x2 + part * (other.x2 - x2),
            y2: y2 + part * (other.y2 - y2))
    }
}
