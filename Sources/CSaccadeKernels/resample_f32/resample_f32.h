#pragma once
// Separable resampling of channels-last images: an output pixel is a weighted sum of input pixels,
//
//   y[r][c] = Σ_i Σ_j u_i · v_j · x[p_i][q_j]   over the taps (p_i, u_i) of row r and (q_j, v_j) of column c,
//
// added in that order. Linear resizing has one or two taps along an axis, average pooling as many as a window has places;
// the gradient of either is a resampling by the transposed matrices.

#include "../isa/isa.h"

#include <stddef.h>
#include <stdint.h>

/// The taps of output index i along one axis: `indices` and `weights` from starts[i] to starts[i + 1].
typedef struct sk_resample_axis {
    const uint32_t *_Nonnull starts;
    const uint32_t *_Nonnull indices;
    const float *_Nonnull weights;
} sk_resample_axis;

typedef struct sk_resample_shape {
    size_t channels;
    size_t in_height, in_width, out_height, out_width;
    /// Elements between neighbouring pixels.
    size_t in_pixel_stride, out_pixel_stride;
    sk_resample_axis rows, columns;
} sk_resample_shape;

typedef struct sk_resample_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// Computes the output rows [row_begin, row_end), counted over all images.
    void (*_Nonnull run)(
        const sk_resample_shape *_Nonnull shape, const float *_Nonnull input, float *_Nonnull output,
        size_t row_begin, size_t row_end);
} sk_resample_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_resample_f32_kernel *_Nonnull const *_Nonnull sk_resample_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_resample_f32_kernel *_Nonnull sk_resample_f32_choose(sk_isa isa);
