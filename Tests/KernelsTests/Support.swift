import CSaccadeKernels
import Kernels
import Testing

/// A repeatable stream of numbers (SplitMix64).
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func integer(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    /// In [-1, 1), a multiple of 2^-12.
    mutating func float() -> Float { Float(Int(next() & 8191) - 4096) / 4096 }

    mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in float() } }
}

/// Runs `body` for an instruction set that a test names; the trait beside it reports a skip by name.
extension InstructionSet {
    /// Whether its kernels round each product before adding it, as the oracle does not.
    var isFused: Bool { self != .portable }
}

func bitsAreEqual(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern }
}
