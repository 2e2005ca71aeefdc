#pragma once
// Greatest value under a window, channels last. Padding never wins; a window without any pixel gives -infinity.

#include "../isa/isa.h"

#include <stddef.h>

typedef struct sk_pool2d_shape {
    size_t batch, channels;
    size_t in_height, in_width, out_height, out_width;
    size_t kernel_height, kernel_width;
    size_t stride_height, stride_width;
    size_t dilation_height, dilation_width;
    size_t pad_top, pad_left;
    /// Elements between neighbouring pixels.
    size_t in_pixel_stride, out_pixel_stride;
} sk_pool2d_shape;

typedef struct sk_maxpool2d_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// Computes the output rows [row_begin, row_end), counted over all images.
    void (*_Nonnull run)(
        const sk_pool2d_shape *_Nonnull shape, const float *_Nonnull input, float *_Nonnull output, size_t row_begin,
        size_t row_end);
    /// The gradient of one image's channels [channel_begin, channel_end): each element of `dy` is added to that element of
    /// its window that was the greatest, in the order of the windows; the other elements of `dx` are 0. Of equals the
    /// first takes it, NaN (the last one) before all, as in PyTorch. Pixels of `dx` are `result_pixel_stride` apart,
    /// those of `dy` as the output's.
    void (*_Nonnull gradient)(
        const sk_pool2d_shape *_Nonnull shape, const float *_Nonnull input, const float *_Nonnull dy,
        float *_Nonnull dx, size_t result_pixel_stride, size_t image, size_t channel_begin, size_t channel_end);
} sk_maxpool2d_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_maxpool2d_f32_kernel *_Nonnull const *_Nonnull sk_maxpool2d_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_maxpool2d_f32_kernel *_Nonnull sk_maxpool2d_f32_choose(sk_isa isa);

/// The definition, one element at a time: the oracle of the others.
void sk_maxpool2d_f32_naive(
    const sk_pool2d_shape *_Nonnull shape, const float *_Nonnull input, float *_Nonnull output);

/// The gradient's definition, one element at a time.
void sk_maxpool2d_f32_gradient_naive(
    const sk_pool2d_shape *_Nonnull shape, const float *_Nonnull input, const float *_Nonnull dy, float *_Nonnull dx,
    size_t result_pixel_stride);
