import Foundation

/// Random numbers as a function of a key and a counter: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom
/// number generators", 2014), whose n-th number is a hash of key + n * step.
package struct RandomStream: RandomNumberGenerator, Sendable {
    static let step: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var state: UInt64

    package init(key: UInt64) { state = key }

    static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    package mutating func next() -> UInt64 {
        state &+= Self.step
        return Self.mixed(state)
    }

    /// Uniform in 0..<1, in steps of 2^-53.
    package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in a range of numbers.
    package mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * unit()
    }

    /// Uniform between the logarithms of the ends: half as often as twice. The range is positive.
    package mutating func logUniform(_ range: ClosedRange<Double>) -> Double {
        min(max(exp(uniform(log(range.lowerBound)...log(range.upperBound))), range.lowerBound), range.upperBound)
    }

    /// Uniform in 0..<count; `count` is positive. (Lemire's multiplication; the bias is below count / 2^64.)
    package mutating func integer(below count: Int) -> Int {
        precondition(count > 0, "a choice among none")
        return Int(UInt64(count).multipliedFullWidth(by: next()).high)
    }

    /// Uniform in a range of whole numbers.
    package mutating func integer(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + integer(below: range.upperBound - range.lowerBound + 1)
    }

    package mutating func happens(_ probability: Double) -> Bool { unit() < probability }

    /// Normal with mean 0 and variance 1 (Box and Muller; takes two numbers of the stream).
    package mutating func normal() -> Double {
        let radius = (-2 * log(1 - unit())).squareRoot()
        return radius * cos(2 * .pi * unit())
    }

    /// Beta(alpha, alpha) as the share of one of two gamma variables; `alpha` is positive.
    package mutating func beta(_ alpha: Double) -> Double {
        let (a, b) = (gamma(alpha), gamma(alpha))
        return a + b > 0 ? a / (a + b) : 0.5
    }

    /// Gamma(shape, 1) (Marsaglia and Tsang, "A simple method for generating gamma variables", 2000).
    private mutating func gamma(_ shape: Double) -> Double {
        if shape < 1 { return gamma(shape + 1) * pow(1 - unit(), 1 / shape) }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
            if v > 0, log(1 - unit()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }

    /// `count` different numbers of 0..<total in random order, all of them when there are fewer.
    package mutating func choose(_ count: Int, of total: Int) -> [Int] {
        var numbers = Array(0..<max(total, 0))
        let wanted = min(max(count, 0), numbers.count)
        for place in 0..<wanted { numbers.swapAt(place, place + integer(below: numbers.count - place)) }
        return Array(numbers[..<wanted])
    }
}
