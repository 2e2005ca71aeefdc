import Glibc

extension Philox {
    /// Of the normal distribution with mean 0 and variance 1 (Box and Muller, 1958). Takes two numbers.
    ///
    /// The radius has 32 bits, so the numbers end at about ±6.7.
    package mutating func normal() -> Float {
        let radius = next32()
        return Philox.normal(radius, next32())
    }

    private static func normal(_ radius: UInt32, _ angle: UInt32) -> Float {
        let length = (-2 * log((Double(radius) + 0.5) * 0x1p-32)).squareRoot()
        return Float(length * cos(2 * Double.pi * Double(angle) * 0x1p-32))
    }

    /// Writes as many numbers as `normal()` would give one after the other, spread and moved.
    package mutating func fillNormal(
        _ values: UnsafeMutableBufferPointer<Float>, mean: Float = 0, deviation: Float = 1
    ) {
        var numbers = Sequence(self)
        for index in values.indices {
            let radius = numbers.next()
            values[index] = mean + deviation * Philox.normal(radius, numbers.next())
        }
        position = numbers.position
    }

    /// Writes as many numbers as `uniform(range)` would give one after the other.
    package mutating func fillUniform(_ values: UnsafeMutableBufferPointer<Float>, _ range: Range<Float>) {
        var numbers = Sequence(self)
        for index in values.indices { values[index] = Philox.uniform(numbers.next(), range) }
        position = numbers.position
    }

    /// Numbers one after the other, with each block computed once.
    private struct Sequence {
        private let generator: Philox
        private(set) var position: UInt64
        private var block: SIMD4<UInt32>

        init(_ generator: Philox) {
            self.generator = generator
            position = generator.position
            block = generator.block(at: position / 4)
        }

        mutating func next() -> UInt32 {
            if position % 4 == 0 { block = generator.block(at: position / 4) }
            defer { position &+= 1 }
            return block[Int(position % 4)]
        }
    }
}
