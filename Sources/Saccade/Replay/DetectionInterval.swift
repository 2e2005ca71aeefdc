/// How often the detector looks, as a sweep lists it.
package enum DetectionInterval: Hashable, Sendable, CustomStringConvertible {
    /// At every n-th frame.
    case every(Int)
    /// Where it pays, by what the tracker is sure of.
    case auto

    /// Out of `3` or `auto`; `nil` for anything else.
    package init?(_ text: String) {
        if text == "auto" {
            self = .auto
        } else if let frames = Int(text), frames > 0 {
            self = .every(frames)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .every(let frames): String(frames)
        case .auto: "auto"
        }
    }

    /// Makes a schedule look so often: the one place where `auto` becomes a schedule.
    package func apply(to schedule: inout FrameSchedule) throws(SaccadeError) {
        switch self {
        case .every(let frames): schedule.detectEvery = frames
        case .auto:
            throw SaccadeError(
                reason: "unsupported",
                message: "--detect-every auto cannot be done yet: name numbers of frames, such as 1,2,3,6,12",
                exitCode: 64)
        }
    }
}
