#pragma once
// Mean under a window, channels last, and its gradient. The sum of the elements inside of the image is divided by their
// number, or with `counts_padding` by the number of window places inside of the padded image.

#include "../isa/isa.h"
#include "../maxpool2d_f32/maxpool2d_f32.h"

#include <stddef.h>

typedef struct sk_avgpool2d_shape {
    sk_pool2d_shape window;
    bool counts_padding;
    size_t pad_bottom, pad_right;
} sk_avgpool2d_shape;

typedef struct sk_avgpool2d_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// Computes the output rows [row_begin, row_end), counted over all images.
    void (*_Nonnull run)(
        const sk_avgpool2d_shape *_Nonnull shape, const float *_Nonnull input, float *_Nonnull output,
        size_t row_begin, size_t row_end);
    /// Computes the rows [row_begin, row_end) of `dx`, counted over all images: the sum of dy ÷ divisor over the windows
    /// that cover the pixel, in their order. Pixels of `dx` are in_pixel_stride apart, those of `dy` out_pixel_stride.
    void (*_Nonnull gradient)(
        const sk_avgpool2d_shape *_Nonnull shape, const float *_Nonnull dy, float *_Nonnull dx, size_t row_begin,
        size_t row_end);
} sk_avgpool2d_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_avgpool2d_f32_kernel *_Nonnull const *_Nonnull sk_avgpool2d_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_avgpool2d_f32_kernel *_Nonnull sk_avgpool2d_f32_choose(sk_isa isa);
