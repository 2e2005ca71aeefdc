package import CSaccadeKernels

/// The instruction set whose kernels a plan uses.
package enum InstructionSet: String, Hashable, Sendable, CaseIterable {
    case portable, avx2, avx512

    package var code: sk_isa {
        switch self {
        case .portable: sk_isa_portable
        case .avx2: sk_isa_avx2
        case .avx512: sk_isa_avx512
        }
    }

    /// Whether this processor and operating system run it.
    package var isSupported: Bool { sk_isa_is_supported(code) }

    /// The fastest one that this machine runs.
    package static let best: InstructionSet = allCases.last { $0.isSupported } ?? .portable
}
