import Glibc

/// An axis of a plot: what it says, how it is divided, and what of it is shown.
package struct PlotAxis: Hashable, Sendable {
    package enum Scale: Hashable, Sendable {
        case linear
        /// By powers of ten; values that are not above 0 are left out.
        case logarithmic
    }

    /// What stands beside the axis.
    package var title: String
    /// Stands behind the title in parentheses.
    package var unit: String?
    package var scale: Scale
    /// What is shown; nil for what the data need.
    package var range: ClosedRange<Double>?

    /// An axis.
    package init(
        _ title: String, unit: String? = nil, scale: Scale = .linear, range: ClosedRange<Double>? = nil
    ) {
        self.title = title
        self.unit = unit
        self.scale = scale
        self.range = range
    }

    /// The title with the unit.
    package var label: String { unit.map { "\(title) (\($0))" } ?? title }

    /// A number in three significant digits, as it stands on axes: `0.0123`, `1.5e-5`.
    package static func short(_ value: Double) -> String { FittedAxis.plain(value) }
}

/// An axis whose range is known: it maps values to shares of its length and divides itself.
struct FittedAxis {
    let scale: PlotAxis.Scale
    let range: ClosedRange<Double>
    /// Where grid lines and numbers stand.
    let ticks: [(value: Double, label: String)]
    /// Where thinner lines stand, between the powers of ten.
    let minorTicks: [Double]

    /// The axis for some values. A range of the axis's own is kept where it is one; else the data's is widened to whole
    /// ticks, or by a little where the scale is logarithmic.
    init(_ axis: PlotAxis, values: some Sequence<Double>) {
        scale = axis.scale
        let isLog = scale == .logarithmic
        var (low, high) = (Double.infinity, -Double.infinity)
        for value in values where abs(value) < 1e100 && (!isLog || value > 1e-100) {
            let value = abs(value) < 1e-100 ? 0 : value
            (low, high) = (min(low, value), max(high, value))
        }
        if low > high { (low, high) = isLog ? (0.1, 1) : (0, 1) }
        let isLevel = high - low <= 1e-9 * max(abs(low), abs(high))
        if let own = axis.range, own.lowerBound < own.upperBound, (own.upperBound - own.lowerBound).isFinite,
            !isLog || own.lowerBound > 0
        {
            range = own
        } else if isLog {
            let room = isLevel ? 2 : pow(high / low, 0.04)
            range = low / room...high * room
        } else {
            if isLevel { (low, high) = low == 0 ? (0, 1) : (low - abs(low) * 0.1, high + abs(high) * 0.1) }
            let step = Self.step(low...high)
            range = (low / step + 1e-9).rounded(.down) * step...(high / step - 1e-9).rounded(.up) * step
        }
        (ticks, minorTicks) = isLog ? Self.powers(range) : (Self.steps(range), [])
    }

    /// 0 at the lower end, 1 at the upper one; nil where a logarithmic axis has no place.
    func share(_ value: Double) -> Double? {
        switch scale {
        case .linear:
            guard value.isFinite else { return nil }
            return (value - range.lowerBound) / (range.upperBound - range.lowerBound)
        case .logarithmic:
            guard value.isFinite, value > 0 else { return nil }
            return log(value / range.lowerBound) / log(range.upperBound / range.lowerBound)
        }
    }

    /// One, two or five times a power of ten, so that there are about five steps.
    private static func step(_ range: ClosedRange<Double>) -> Double {
        let rough = (range.upperBound - range.lowerBound) / 5
        let power = pow(10, log10(rough).rounded(.down))
        let factor = rough / power
        return (factor < 1.5 ? 1 : factor < 3.5 ? 2 : factor < 7.5 ? 5 : 10) * power
    }

    private static func steps(_ range: ClosedRange<Double>) -> [(value: Double, label: String)] {
        let step = step(range)
        guard step > 0, step.isFinite else { return [] }
        let first = (range.lowerBound / step - 1e-9).rounded(.up)
        let count = Int(((range.upperBound / step + 1e-9).rounded(.down) - first).clamped(to: -1...20))
        let values = (0..<count + 1).map { (first + Double($0)) * step }
        // The numbers of one axis have the same form.
        let largest = values.map { abs($0) }.max() ?? 0
        let isScientific = largest >= 1e6 || (largest > 0 && largest < 1e-3)
        let decimals = max(0, -Int(log10(step * 1.0001).rounded(.down)))
        return values.map { ($0, isScientific ? scientific($0) : fixed($0, decimals: decimals)) }
    }

    /// The powers of ten, with 2 and 5 between them where there are few; equal steps within one power.
    private static func powers(
        _ range: ClosedRange<Double>
    ) -> (ticks: [(value: Double, label: String)], minor: [Double]) {
        let (low, high) = (log10(range.lowerBound), log10(range.upperBound))
        guard high - low > 0.7 else { return (steps(range), []) }
        let every = max(1, Int(((high - low) / 8).rounded(.up)))
        var ticks: [(value: Double, label: String)] = []
        var minor: [Double] = []
        for power in Int(low.rounded(.down))...Int(high.rounded(.up)) {
            for digit in 1...9 {
                let value = Double(digit) * pow(10, Double(power))
                guard value >= range.lowerBound * (1 - 1e-9), value <= range.upperBound * (1 + 1e-9) else { continue }
                if digit == 1 ? power % every == 0 : high - low < 2 && (digit == 2 || digit == 5) {
                    ticks.append((value, plain(value)))
                } else if high - low <= 5 {
                    minor.append(value)
                }
            }
        }
        return (ticks, minor)
    }

    /// A number of some decimals.
    static func fixed(_ value: Double, decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let rounded = (abs(value) * scale).rounded()
        guard rounded < 1e15 else { return scientific(value) }
        let sign = value < 0 && rounded > 0 ? "−" : ""
        let digits = String(Int(rounded))
        guard decimals > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    /// `2e-5`: at most three decimals of mantissa.
    static func scientific(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return "0" }
        var exponent = Int(log10(abs(value)).rounded(.down))
        var mantissa = (abs(value) / pow(10, Double(exponent)) * 1000).rounded() / 1000
        if mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        var text = fixed(mantissa, decimals: 3)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return (value < 0 ? "−" : "") + text + "e\(exponent)"
    }

    /// A short form of three significant digits: decimals between a thousandth and ten thousand, else an exponent.
    static func plain(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "−inf" : "inf" }
        guard value != 0, abs(value) >= 0.99e-3, abs(value) < 99_999 else { return scientific(value) }
        let whole = Int(log10(abs(value)).rounded(.down)) + 1
        var text = fixed(value, decimals: max(0, 3 - whole))
        guard text.contains(".") else { return text }
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
