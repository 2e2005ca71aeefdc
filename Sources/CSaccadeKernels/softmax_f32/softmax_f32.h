#pragma once
// Softmax over rows: y[i] = e^(x[i] - max x) / Σ e^(x[j] - max x).

#include "../isa/isa.h"

#include <stddef.h>

typedef struct sk_softmax_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// `rows` rows of `count` ≥ 1 numbers; rows begin `x_stride` and `y_stride` numbers apart. y may be x.
    void (*_Nonnull run)(
        const float *_Nonnull x, size_t x_stride, float *_Nonnull y, size_t y_stride, size_t rows, size_t count);
    /// Down each of `columns` neighbouring columns: `count` ≥ 1 numbers `x_stride` and `y_stride` apart.
    void (*_Nonnull run_columns)(
        const float *_Nonnull x, size_t x_stride, float *_Nonnull y, size_t y_stride, size_t columns, size_t count);
} sk_softmax_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_softmax_f32_kernel *_Nonnull const *_Nonnull sk_softmax_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_softmax_f32_kernel *_Nonnull sk_softmax_f32_choose(sk_isa isa);

/// The formula with the functions of libm: the oracle of the others.
void sk_softmax_f32_naive(
    const float *_Nonnull x, size_t x_stride, float *_Nonnull y, size_t y_stride, size_t rows, size_t count);
