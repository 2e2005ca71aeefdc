/// Random numbers as a function of a key and a counter (Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random
/// numbers: as easy as 1, 2, 3", 2011). The key is the seed; the counter is a stream's number and a place in it, so any
/// number can be had without those before it, threads can share the work, and the result stays the same.
///
///     var numbers = Philox(seed: 7, stream: 3)
///     let order = numbers.permutation(100)
///     let noise = numbers.normal()
///
/// The generator counts the numbers of 32 bits that it has given (`position`); saving it with seed and stream is saving
/// the generator.
package struct Philox: Hashable, Sendable, RandomNumberGenerator {
    package let seed: UInt64
    package let stream: UInt64
    /// How many numbers of 32 bits were taken.
    package var position: UInt64

    package init(seed: UInt64, stream: UInt64 = 0, position: UInt64 = 0) {
        self.seed = seed
        self.stream = stream
        self.position = position
    }

    /// The function itself: ten rounds on a counter of 128 bits under a key of 64.
    package static func block(
        _ counter: SIMD4<UInt32>, key: (low: UInt32, high: UInt32)
    ) -> SIMD4<UInt32> {
        var (state, key) = (counter, key)
        for _ in 0..<10 {
            let first = (0xD251_1F53 as UInt32).multipliedFullWidth(by: state[0])
            let second = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: state[2])
            state = SIMD4(second.high ^ state[1] ^ key.low, second.low, first.high ^ state[3] ^ key.high, first.low)
            key = (key.low &+ 0x9E37_79B9, key.high &+ 0xBB67_AE85)
        }
        return state
    }

    /// Numbers 4 · index ..< 4 · index + 4 of the stream.
    package func block(at index: UInt64) -> SIMD4<UInt32> {
        Philox.block(
            SIMD4(
                UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32),
                UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)),
            key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    }

    /// The stream's number at a place, whatever was taken before.
    package func number(at index: UInt64) -> UInt32 { block(at: index / 4)[Int(index % 4)] }

    /// The next number of 32 bits.
    package mutating func next32() -> UInt32 {
        defer { position &+= 1 }
        return number(at: position)
    }

    /// The next two numbers as one of 64 bits, the first one in the low half.
    package mutating func next() -> UInt64 {
        let low = UInt64(next32())
        return UInt64(next32()) << 32 | low
    }

    /// In [0, 1): one of 2^24 evenly spaced numbers.
    package mutating func uniform() -> Float { Float(next32() >> 8) * 0x1p-24 }

    /// In `range`, whose upper bound comes out where the sum is rounded up to it.
    package mutating func uniform(_ range: Range<Float>) -> Float { Philox.uniform(next32(), range) }

    static func uniform(_ number: UInt32, _ range: Range<Float>) -> Float {
        range.lowerBound + (range.upperBound - range.lowerBound) * (Float(number >> 8) * 0x1p-24)
    }

    /// True with probability `probability`, to within 2^-32.
    package mutating func chance(_ probability: Double) -> Bool { Double(next32()) < probability * 0x1p32 }

    /// One of 0 ..< count, all alike: Lemire, "Fast random integer generation in an interval", 2019. The few products
    /// that would make some of them more frequent are drawn again.
    ///
    /// Stops the program when `count` is not positive.
    package mutating func integer(below count: Int) -> Int {
        precondition(count > 0, "a number below \(count)")
        let bound = UInt64(count)
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let surplus = (0 &- bound) % bound
            while product.low < surplus { product = next().multipliedFullWidth(by: bound) }
        }
        return Int(product.high)
    }

    /// 0 ..< count in random order, each order alike (Fisher and Yates).
    package mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        var last = count - 1
        while last > 0 {
            order.swapAt(last, integer(below: last + 1))
            last -= 1
        }
        return order
    }
}
