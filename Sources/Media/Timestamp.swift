import CFFmpeg

/// A fraction of two 32-bit integers: a time base (seconds per tick), a frame rate, an aspect ratio.
package struct Rational: Hashable, Sendable {
    package var numerator: Int32
    package var denominator: Int32

    package init(_ numerator: Int32, _ denominator: Int32) {
        self.numerator = numerator
        self.denominator = denominator
    }

    init(_ value: AVRational) { self.init(value.num, value.den) }

    var av: AVRational { AVRational(num: numerator, den: denominator) }

    /// The value as a number; 0 when the denominator is 0.
    package var value: Double { denominator == 0 ? 0 : Double(numerator) / Double(denominator) }

    package var isPositive: Bool { numerator > 0 && denominator > 0 }

    package var inverse: Rational { Rational(denominator, numerator) }
}

/// A point in time (or a span of it) as a whole number of ticks of a time base, kept exactly from demuxer to muxer.
///
/// Timestamps of different time bases compare by the time that they mean, without rounding.
package struct Timestamp: Comparable, Sendable, CustomStringConvertible {
    package let value: Int64
    /// Seconds per tick.
    package let timeBase: Rational

    package init(_ value: Int64, timeBase: Rational) {
        self.value = value
        self.timeBase = timeBase
    }

    /// The nearest tick to `seconds`, which is limited to what 64 bits hold; 0 when it is not a number.
    package init(seconds: Double, timeBase: Rational) {
        let ticks = timeBase.isPositive ? (seconds / timeBase.value).rounded() : 0
        self.init(
            Int64(exactly: ticks) ?? (ticks > 0 ? Int64.max / 2 : ticks < 0 ? Int64.min / 2 : 0), timeBase: timeBase)
    }

    package var seconds: Double { Double(value) * timeBase.value }

    /// The same time in another time base, rounded to the nearest tick (half away from zero), exact in between.
    package func rescaled(to other: Rational) -> Timestamp {
        guard other != timeBase else { return self }
        return Timestamp(av_rescale_q(value, timeBase.av, other.av), timeBase: other)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        av_compare_ts(left.value, left.timeBase.av, right.value, right.timeBase.av) < 0
    }

    package static func == (left: Timestamp, right: Timestamp) -> Bool {
        av_compare_ts(left.value, left.timeBase.av, right.value, right.timeBase.av) == 0
    }

    package var description: String { "\(seconds) s (\(value) × \(timeBase.numerator)/\(timeBase.denominator))" }
}
