package import CSaccadeKernels

/// The instruction set whose kernels a plan uses; operators that have none for it use those of a set that it includes.
package enum InstructionSet: String, Hashable, Sendable, CaseIterable {
    case portable, avx2
    case avxVNNI = "avx-vnni"
    case avx512
    case avx512VNNI = "avx512-vnni"

    package var code: sk_isa {
        switch self {
        case .portable: sk_isa_portable
        case .avx2: sk_isa_avx2
        case .avxVNNI: sk_isa_avx_vnni
        case .avx512: sk_isa_avx512
        case .avx512VNNI: sk_isa_avx512_vnni
        }
    }

    /// Whether this processor and operating system run it.
    package var isSupported: Bool { sk_isa_is_supported(code) }

    /// The fastest one that this machine runs.
    package static let best: InstructionSet = allCases.last { $0.isSupported } ?? .portable
}
