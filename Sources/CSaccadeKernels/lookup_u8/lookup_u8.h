#pragma once
// Any function of one byte, as a table: y[i] = table[x[i]].
//
// An activation of a quantized tensor and a change of its scale are tables.

#include "../isa/isa.h"

#include <stddef.h>
#include <stdint.h>

typedef struct sk_lookup_u8_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// `rows` rows of `length` bytes; rows begin `x_stride` and `y_stride` bytes apart. `table` has 256 bytes. y may be
    /// x.
    void (*_Nonnull run)(
        const uint8_t *_Nonnull table, const uint8_t *_Nonnull x, size_t x_stride, uint8_t *_Nonnull y,
        size_t y_stride, size_t rows, size_t length);
} sk_lookup_u8_kernel;

/// Every implementation, the preferred ones first.
const sk_lookup_u8_kernel *_Nonnull const *_Nonnull sk_lookup_u8_kernels(size_t *_Nonnull count);

/// The first implementation that a processor with `isa` runs.
const sk_lookup_u8_kernel *_Nonnull sk_lookup_u8_choose(sk_isa isa);

/// The definition, one element at a time: the oracle of the others.
void sk_lookup_u8_naive(
    const uint8_t *_Nonnull table, const uint8_t *_Nonnull x, size_t x_stride, uint8_t *_Nonnull y, size_t y_stride,
    size_t rows, size_t length);
