/// Random numbers as a function of a key and a counter (Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random
/// numbers: as easy as 1, 2, 3", 2011). The n-th number does not depend on how many were drawn before, so that threads
/// can share the work and the result stays the same.
package struct Philox: Sendable {
    private let key: (UInt32, UInt32)

    /// A generator for a seed.
    package init(seed: UInt64) {
        key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    }

    /// The four numbers of a counter.
    package func block(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
        var (state, key) = (counter, key)
        for _ in 0..<10 {
            let first = (0xD251_1F53 as UInt32).multipliedFullWidth(by: state[0])
            let second = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: state[2])
            state = SIMD4(second.high ^ state[1] ^ key.0, second.low, first.high ^ state[3] ^ key.1, first.low)
            key = (key.0 &+ 0x9E37_79B9, key.1 &+ 0xBB67_AE85)
        }
        return state
    }

    /// Draws as many of `count` things as there are, with replacement: writes how often each was drawn. `number` tells
    /// the draws apart.
    package func resample(_ count: Int, number: Int, into times: inout [Int]) {
        times.removeAll(keepingCapacity: true)
        times.append(contentsOf: repeatElement(0, count: count))
        let resample = UInt64(truncatingIfNeeded: number)
        for first in stride(from: 0, to: count, by: 4) {
            let place = UInt64(truncatingIfNeeded: first / 4)
            let block = block(
                SIMD4(
                    UInt32(truncatingIfNeeded: place), UInt32(truncatingIfNeeded: place >> 32),
                    UInt32(truncatingIfNeeded: resample), UInt32(truncatingIfNeeded: resample >> 32)))
            for lane in 0..<min(4, count - first) {
                times[Int((UInt64(block[lane]) &* UInt64(count)) >> 32)] += 1
            }
        }
    }
}
