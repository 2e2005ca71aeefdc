import Glibc

extension Philox {
    /// Of the normal distribution with mean 0 and variance 1 (Box and Muller, 1958). Takes two numbers.
    ///
    /// The radius has 32 bits, so the numbers end at about ±6.7.
    package mutating func normal() -> Float {
        let radius = (-2 * log((Double(next32()) + 0.5) * 0x1p-32)).squareRoot()
        let angle = 2 * Double.pi * Double(next32()) * 0x1p-32
        return Float(radius * cos(angle))
    }

    /// Writes `values.count` normal numbers; the i-th one is made of numbers 2i and 2i + 1 from `position` on.
    package mutating func fillNormal(
        _ values: UnsafeMutableBufferPointer<Float>, mean: Float = 0, deviation: Float = 1
    ) {
        for index in values.indices { values[index] = mean + deviation * normal() }
    }

    /// Writes `values.count` numbers of [lower, upper).
    package mutating func fillUniform(_ values: UnsafeMutableBufferPointer<Float>, _ range: Range<Float>) {
        for index in values.indices { values[index] = uniform(range) }
    }
}
