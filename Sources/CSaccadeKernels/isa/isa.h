#pragma once
// Instruction sets: which ones exist, and which ones this machine can run.

#include <stdbool.h>
#include <stdint.h>

/// An instruction set that kernels are written for, slowest first.
typedef enum sk_isa : uint32_t {
    /// Whatever the compiler's baseline is (SSE2 on x86-64); runs everywhere.
    sk_isa_portable = 0,
    /// AVX2 and FMA.
    sk_isa_avx2 = 1,
    /// AVX-512 F, BW, DQ and VL.
    sk_isa_avx512 = 2,
} sk_isa;

/// The name in logs and test reports: "portable", "avx2", "avx512".
const char *_Nonnull sk_isa_name(sk_isa isa);

/// Whether the processor and the operating system run `isa`. Every feature that the kernels' `target` attributes name
/// is checked here.
bool sk_isa_is_supported(sk_isa isa);

/// Whether the processor has AVX-512 VBMI (byte permutations over whole vectors), which some with AVX-512 lack.
bool sk_isa_has_vbmi(void);
