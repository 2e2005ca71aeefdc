import CFFmpeg

/// Gives each picture a time in ticks of its stream, strictly later than the one before.
///
/// The source's own timestamps are kept as they are. A missing one follows from the frame before and its duration. One
/// that does not lie behind the last is moved to one tick after it and counted; when that goes on, the clock was set
/// back, and all later times move by a constant; likewise after a gap of more than an hour.
package struct FrameTiming {
    /// Timestamps that were made up or moved.
    package private(set) var repairs = 0

    /// Ticks of a frame at the stream's rate; used where the source does not say.
    private let usualDuration: Int64
    /// Ticks of an hour: a longer gap between frames is damage, which few containers could hold.
    private let longestGap: Int64
    private var last: (time: Int64, duration: Int64)?
    private var offset: Int64 = 0
    private var stepsBack = 0
    private static let toleratedStepsBack = 8

    package init(frameRate: Rational, timeBase: Rational) {
        let ticks = frameRate.isPositive ? av_rescale_q(1, frameRate.inverse.av, timeBase.av) : 1
        usualDuration = max(1, ticks)
        longestGap = max(1, av_rescale_q(3600, AVRational(num: 1, den: 1), timeBase.av))
    }

    /// The time of the next picture and how long it is shown.
    mutating func stamp(_ frame: UnsafeMutablePointer<AVFrame>) -> (time: Int64, duration: Int64) {
        stamp(time: frame.pointee.best_effort_timestamp, duration: frame.pointee.pkt_duration)
    }

    package mutating func stamp(time source: Int64, duration given: Int64) -> (time: Int64, duration: Int64) {
        let duration = given > 0 && given <= longestGap ? given : usualDuration
        var time = source == sk_nopts ? nil : Optional(source &+ offset)
        if let last {
            let expected = last.time &+ last.duration
            if let given = time, given <= last.time {
                repairs += 1
                stepsBack += 1
                if stepsBack > FrameTiming.toleratedStepsBack {
                    offset = offset &+ (expected &- given)
                    time = expected
                    stepsBack = 0
                } else {
                    time = last.time &+ 1
                }
            } else if let given = time, given &- expected > longestGap {
                repairs += 1
                offset = offset &+ (expected &- given)
                time = expected
            } else if time == nil {
                repairs += 1
                time = expected
            } else {
                stepsBack = 0
            }
        } else if time == nil {
            repairs += 1
        }
        let stamped = (time: time ?? 0, duration: duration)
        last = stamped
        return stamped
    }
}
