#pragma once
// Softmax over rows: y[i] = e^(x[i] - max x) / Σ e^(x[j] - max x); its logarithm; and the gradients of both.

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
    /// The logarithm of softmax over rows, y[i] = x[i] - max x - ln Σ e^(x[j] - max x), and down columns. y may be x.
    void (*_Nonnull log)(
        const float *_Nonnull x, size_t x_stride, float *_Nonnull y, size_t y_stride, size_t rows, size_t count);
    void (*_Nonnull log_columns)(
        const float *_Nonnull x, size_t x_stride, float *_Nonnull y, size_t y_stride, size_t columns, size_t count);
    /// The gradient of softmax from its result, dx[i] = y[i] · (dy[i] - Σ dy[j]·y[j]), over `rows` rows that begin
    /// `stride` numbers apart in all three, and down columns with rows `stride` numbers apart. dx may be dy or y.
    void (*_Nonnull gradient)(
        const float *_Nonnull dy, const float *_Nonnull y, float *_Nonnull dx, size_t stride, size_t rows,
        size_t count);
    void (*_Nonnull gradient_columns)(
        const float *_Nonnull dy, const float *_Nonnull y, float *_Nonnull dx, size_t stride, size_t columns,
        size_t count);
    /// The gradient of the logarithm from its result, dx[i] = dy[i] - e^y[i] · Σ dy[j].
    void (*_Nonnull log_gradient)(
        const float *_Nonnull dy, const float *_Nonnull y, float *_Nonnull dx, size_t stride, size_t rows,
        size_t count);
    void (*_Nonnull log_gradient_columns)(
        const float *_Nonnull dy, const float *_Nonnull y, float *_Nonnull dx, size_t stride, size_t columns,
        size_t count);
} sk_softmax_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_softmax_f32_kernel *_Nonnull const *_Nonnull sk_softmax_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_softmax_f32_kernel *_Nonnull sk_softmax_f32_choose(sk_isa isa);

/// The formula with the functions of libm: the oracle of the others.
void sk_softmax_f32_naive(
    const float *_Nonnull x, size_t x_stride, float *_Nonnull y, size_t y_stride, size_t rows, size_t count);

/// The logarithm, and the gradients of softmax and of its logarithm, over one dense row in double precision.
void sk_log_softmax_naive(const float *_Nonnull x, float *_Nonnull y, size_t count);
void sk_softmax_gradient_naive(const float *_Nonnull dy, const float *_Nonnull y, float *_Nonnull dx, size_t count);
void sk_log_softmax_gradient_naive(
    const float *_Nonnull dy, const float *_Nonnull y, float *_Nonnull dx, size_t count);
