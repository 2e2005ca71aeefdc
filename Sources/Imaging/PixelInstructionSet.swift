import CSaccadePixels

/// The instruction sets that the pixel loops are written for. Their results are bit-equal.
package enum PixelInstructionSet: Int32, Hashable, Sendable, CaseIterable, Comparable {
    case portable = 0
    case avx2 = 1
    case avx512 = 2

    /// The best one that this processor has.
    package static let best = PixelInstructionSet(rawValue: sp_isa_best()) ?? .portable

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
