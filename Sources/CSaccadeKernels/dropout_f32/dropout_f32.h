#pragma once
// Dropout: y[i] = keeps(i) ? x[i] · scale : 0, where keeps(i) is "the i-th random number is at least `threshold`".
//
// The random numbers are those of Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2,
// 3", 2011): numbers 4k ... 4k + 3 are the block of counter (k, stream), 64 bits each with the low half first, under the
// key `seed`. An element's fate depends on seed, stream and i alone: the gradient is the same call on dy, and no mask is
// kept.

#include "../isa/isa.h"

#include <stddef.h>
#include <stdint.h>

typedef struct sk_dropout {
    uint64_t seed, stream;
    /// Numbers below it drop: the probability times 2^32, up to 2^32 itself.
    uint64_t threshold;
    float scale;
} sk_dropout;

typedef struct sk_dropout_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// Computes the elements [begin, end) of `y`, which may be `x`; `begin` is a multiple of 4.
    void (*_Nonnull run)(
        const sk_dropout *_Nonnull dropout, const float *_Nonnull x, float *_Nonnull y, size_t begin, size_t end);
} sk_dropout_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_dropout_f32_kernel *_Nonnull const *_Nonnull sk_dropout_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_dropout_f32_kernel *_Nonnull sk_dropout_f32_choose(sk_isa isa);

/// Philox4x32-10, one block: ten rounds on `counter` under `key`.
void sk_philox_naive(const uint32_t counter[_Nonnull 4], const uint32_t key[_Nonnull 2], uint32_t out[_Nonnull 4]);

/// The definition, one element at a time: the oracle of the others.
void sk_dropout_f32_naive(
    const sk_dropout *_Nonnull dropout, const float *_Nonnull x, float *_Nonnull y, size_t begin, size_t end);
