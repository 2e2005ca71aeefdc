#pragma once
// Instruction sets: which ones exist, which of them include others, and which ones this machine can run.

#include <stdbool.h>
#include <stdint.h>

/// An instruction set that kernels are written for. A later one is preferred where the machine runs it.
typedef enum sk_isa : uint32_t {
    /// Whatever the compiler's baseline is (SSE2 on x86-64); runs everywhere.
    sk_isa_portable = 0,
    /// AVX2 and FMA.
    sk_isa_avx2 = 1,
    /// AVX2 with AVX-VNNI: sums of four products of bytes on 256 bits (Alder Lake, Zen 5).
    sk_isa_avx_vnni = 2,
    /// AVX-512 F, BW, DQ and VL.
    sk_isa_avx512 = 3,
    /// AVX-512 with VNNI and VBMI: sums of four products of bytes on 512 bits (Ice Lake, Zen 4).
    sk_isa_avx512_vnni = 4,
} sk_isa;

/// The name in logs and test reports: "portable", "avx2", "avx-vnni", "avx512", "avx512-vnni".
const char *_Nonnull sk_isa_name(sk_isa isa);

/// Whether the processor and the operating system run `isa`. Every feature that the kernels' `target` attributes name
/// is checked here.
bool sk_isa_is_supported(sk_isa isa);

/// Whether every machine that runs `isa` runs kernels for `other`: what a registry's `choose` asks, since not every
/// operator has a kernel for every set.
bool sk_isa_includes(sk_isa isa, sk_isa other);

/// Tells the processor that the caller waits in a loop.
static inline void sk_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}
