import CSaccadeKernels

/// The multiply-adds that one core of this machine does a second at most, on registers alone: what the times of operators
/// are compared with.
///
///     var peak = MachinePeak.measure(instructionSet: .best)
///     /* measure the operators */
///     peak.raise(to: .measure(instructionSet: .best))
///     let share = multiplyAdds / seconds / (peak.bytes * Double(threads))
package struct MachinePeak: Hashable, Sendable {
    /// Products of bytes, added to 32 bits.
    package private(set) var bytes: Double
    /// Fused multiply-adds of 32-bit floats.
    package private(set) var floats: Double

    /// Measures both, which takes some 40 milliseconds: the best of many short runs, since the machine may do other
    /// things as well. The instruction set must be one that the machine runs.
    package static func measure(instructionSet: InstructionSet) -> MachinePeak {
        func rate(_ kind: sk_peak_kind) -> Double {
            Self.rate(sk_peak_choose(kind, instructionSet.code), time: .milliseconds(1), runs: 20)
        }
        return MachinePeak(bytes: rate(sk_peak_bytes), floats: rate(sk_peak_floats))
    }

    /// The better of both. Other work slows the machine for seconds at times; a peak that was taken before and after what
    /// is compared with it is less likely to be too low.
    package mutating func raise(to other: MachinePeak) {
        bytes = max(bytes, other.bytes)
        floats = max(floats, other.floats)
    }

    /// The best rate of some runs that take `time` each.
    static func rate(_ kernel: UnsafePointer<sk_peak_kernel>, time: Duration, runs: Int) -> Double {
        let clock = ContinuousClock()
        var rounds: UInt64 = 1 << 10
        var best = 0.0
        var measured = 0
        while measured < runs {
            let taken = clock.measure { kernel.pointee.run(rounds) }
            if taken < time / 2, rounds < 1 << 40 {
                rounds *= 2
                continue
            }
            best = max(best, Double(rounds * kernel.pointee.work) / (taken / .seconds(1)))
            measured += 1
        }
        return best
    }
}
