#pragma once
// What one core can do at most: multiply-adds on registers alone, with nothing to load and nothing to wait for. Measured,
// it is what the times of the other kernels are compared with.
//
// The arithmetic is that of the convolutions: u8 × s8 into s32 for bytes (vpdpbusd where there is one), and fused
// multiply-add for floats.

#include "../isa/isa.h"

#include <stddef.h>
#include <stdint.h>

typedef enum sk_peak_kind : uint32_t { sk_peak_bytes = 0, sk_peak_floats = 1 } sk_peak_kind;

typedef struct sk_peak_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    sk_peak_kind kind;
    /// Multiply-adds of a round.
    uint64_t work;
    /// Goes `rounds` rounds.
    void (*_Nonnull run)(uint64_t rounds);
} sk_peak_kernel;

/// Every implementation, the preferred ones of each kind first.
const sk_peak_kernel *_Nonnull const *_Nonnull sk_peak_kernels(size_t *_Nonnull count);

/// The first implementation of the kind that a processor with `isa` runs.
const sk_peak_kernel *_Nonnull sk_peak_choose(sk_peak_kind kind, sk_isa isa);
