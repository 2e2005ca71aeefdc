#pragma once
// Softmax over rows of bytes, y = e^(s·x[i]) / Σ e^(s·x[j]) for an input of scale s, in integers but for one product:
//
//   e[d]   = round(2^22 · e^(-s·d))              a table for d in 0...255, made once
//   total  = Σ e[max x - x[j]]                   exact
//   factor = 1 / (total · scale_y)               in double, rounded to float
//   y[i]   = min(round(e[max x - x[i]] · factor) + zero_y, 255)     round: to the nearest integer, ties to even
//
// The sum is exact in any order, so every implementation gives the same bytes. The input's zero point cancels out.

#include "../isa/isa.h"

#include <stddef.h>
#include <stdint.h>

/// Fills `exponentials`, 256 of them, for an input of scale `scale` > 0.
void sk_softmax_u8_table(float scale, uint32_t *_Nonnull exponentials);

typedef struct sk_softmax_u8_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// `rows` rows of `length` ≥ 1 bytes; rows begin `x_stride` and `y_stride` bytes apart. y may be x. `exponentials`
    /// is as `sk_softmax_u8_table` makes it; `scale_y` ≥ 2^-64 and `zero_y` are those of the result.
    void (*_Nonnull run)(
        const uint32_t *_Nonnull exponentials, float scale_y, uint8_t zero_y, const uint8_t *_Nonnull x,
        size_t x_stride, uint8_t *_Nonnull y, size_t y_stride, size_t rows, size_t length);
} sk_softmax_u8_kernel;

/// Every implementation, the preferred ones first.
const sk_softmax_u8_kernel *_Nonnull const *_Nonnull sk_softmax_u8_kernels(size_t *_Nonnull count);

/// The first implementation that a processor with `isa` runs.
const sk_softmax_u8_kernel *_Nonnull sk_softmax_u8_choose(sk_isa isa);

/// The formula, one element at a time: the oracle of the others.
void sk_softmax_u8_naive(
    const uint32_t *_Nonnull exponentials, float scale_y, uint8_t zero_y, const uint8_t *_Nonnull x, size_t x_stride,
    uint8_t *_Nonnull y, size_t y_stride, size_t rows, size_t length);
