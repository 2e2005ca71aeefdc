#pragma once
// The passes of batch, group and layer normalization, and of their gradients, over dense float32.
//
// Sums are doubles of exact products: Σx² - (Σx)²/n then keeps more digits of a deviation than floats of x themselves
// do, and one pass over x gives its mean and its variance.

#include "../isa/isa.h"

#include <stddef.h>

typedef struct sk_normalize_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// Per column of `rows` rows of `columns` numbers adds Σ x to totals[c] and Σ x·y to totals[columns + c]. y may be
    /// x.
    void (*_Nonnull column_moments)(
        const float *_Nonnull x, const float *_Nonnull y, double *_Nonnull totals, size_t rows, size_t columns);
    /// y = (x - mean[c]) · factor[c] + offset[c]. y may be x.
    void (*_Nonnull columns)(
        const float *_Nonnull x, const float *_Nonnull mean, const float *_Nonnull factor, const float *_Nonnull offset,
        float *_Nonnull y, size_t rows, size_t columns);
    /// dx = dy · factor[c] - (x - mean[c]) · slope[c] - offset[c]. dx may be dy or x.
    void (*_Nonnull columns_gradient)(
        const float *_Nonnull dy, const float *_Nonnull x, const float *_Nonnull mean, const float *_Nonnull factor,
        const float *_Nonnull slope, const float *_Nonnull offset, float *_Nonnull dx, size_t rows, size_t columns);
    /// Each row of `length` ≥ 1 numbers with its own mean and its own deviation 1/√(variance + epsilon):
    /// y = (x - mean[r]) · inverse_deviation[r] · scale[c] + bias[c]. A missing scale is 1, a missing bias 0. y may be
    /// x.
    void (*_Nonnull rows)(
        const float *_Nonnull x, const float *_Nullable scale, const float *_Nullable bias, float epsilon,
        float *_Nonnull y, float *_Nonnull mean, float *_Nonnull inverse_deviation, size_t rows, size_t length);
    /// With g = dy · scale and z = (x - mean) · inverse_deviation, and ⟨⟩ the mean over a row:
    /// dx = inverse_deviation · (g - ⟨g⟩ - z · ⟨g·z⟩). dx may be dy or x.
    void (*_Nonnull rows_gradient)(
        const float *_Nonnull dy, const float *_Nonnull x, const float *_Nullable scale, const float *_Nonnull mean,
        const float *_Nonnull inverse_deviation, float *_Nonnull dx, size_t rows, size_t length);
    /// What the gradients of bias and scale are made of: over the rows adds Σ dy to totals[c], Σ dy · z to
    /// totals[length + c].
    void (*_Nonnull rows_moments)(
        const float *_Nonnull dy, const float *_Nonnull x, const float *_Nonnull mean,
        const float *_Nonnull inverse_deviation, double *_Nonnull totals, size_t rows, size_t length);
} sk_normalize_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_normalize_f32_kernel *_Nonnull const *_Nonnull sk_normalize_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_normalize_f32_kernel *_Nonnull sk_normalize_f32_choose(sk_isa isa);

/// Group normalization by the formula: `images` × `pixels` × `channels` numbers, normalized over the pixels and
/// channels of each of `groups` equal parts of the channels. Batch normalization is one image with a group for each
/// channel; layer normalization is images of one pixel and one group. mean and inverse_deviation: `images` × `groups`.
void sk_normalize_naive(
    const float *_Nonnull x, const float *_Nullable scale, const float *_Nullable bias, float epsilon,
    float *_Nonnull y, float *_Nonnull mean, float *_Nonnull inverse_deviation, size_t images, size_t pixels,
    size_t channels, size_t groups);

/// Its gradient: dx, and the sums over images and pixels dscale[c] = Σ dy·z and dbias[c] = Σ dy.
void sk_normalize_gradient_naive(
    const float *_Nonnull dy, const float *_Nonnull x, const float *_Nullable scale, const float *_Nonnull mean,
    const float *_Nonnull inverse_deviation, float *_Nonnull dx, float *_Nonnull dscale, float *_Nonnull dbias,
    size_t images, size_t pixels, size_t channels, size_t groups);
