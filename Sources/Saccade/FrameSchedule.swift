/// Which frames exist for a run, and which of them the detector looks at: the one place where frames are skipped.
///
/// Decisions hang on the frame's number and its timestamp, never on the clock, so a run can be repeated exactly.
public struct FrameSchedule: Hashable, Sendable {
    /// Every `stride`-th frame exists: the others are neither tracked nor drawn nor logged. 1 = all.
    public var stride = 1
    /// The detector looks at every `detectEvery`-th frame; the others are tracked, drawn and logged all the same.
    public var detectEvery = 1
    /// The detector looks at so many frames a second of the source's time at most; `nil` = no limit.
    public var detectRate: Double?

    /// Every frame.
    public init() {}

    /// The most frames between two detections, plus one.
    package func longestGap(frameRate: Double) -> Int {
        let byRate = detectRate.map { Int(min(1e6, (frameRate / $0 / Double(stride)).rounded(.up))) } ?? 1
        let (sum, isHuge) = byRate.addingReportingOverflow(detectEvery - 1)
        return isHuge ? detectEvery : sum / detectEvery * detectEvery
    }

    /// What happens to one frame.
    package enum Decision { case detect, skip, omit }

    /// Walks through the frames of one source.
    package struct Walk {
        private let schedule: FrameSchedule
        private var nextDetection: Double?

        package init(_ schedule: FrameSchedule) { self.schedule = schedule }

        /// Decides on the frame with number `index` at `seconds`; frames come in order.
        package mutating func decide(index: Int, seconds: Double) -> Decision {
            guard index % schedule.stride == 0 else { return .omit }
            guard (index / schedule.stride) % schedule.detectEvery == 0 else { return .skip }
            guard let rate = schedule.detectRate else { return .detect }
            let interval = 1 / rate
            let due = nextDetection ?? seconds
            // A thousandth of an interval of slack: timestamps are rounded to their time base.
            guard seconds >= due - interval / 1000 else { return .skip }
            nextDetection = max(due + interval, seconds + interval / 2)
            return .detect
        }
    }
}
