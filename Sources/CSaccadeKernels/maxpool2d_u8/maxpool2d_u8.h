#pragma once
// Greatest byte under a window, channels last; the shape is that of maxpool2d_f32.h. The result has the scale and zero
// point of the input. Padding never wins; a window without any pixel gives 0.

#include "../maxpool2d_f32/maxpool2d_f32.h"

#include <stdint.h>

typedef struct sk_maxpool2d_u8_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// Computes the output rows [row_begin, row_end), counted over all images.
    void (*_Nonnull run)(
        const sk_pool2d_shape *_Nonnull shape, const uint8_t *_Nonnull input, uint8_t *_Nonnull output,
        size_t row_begin, size_t row_end);
} sk_maxpool2d_u8_kernel;

/// Every implementation, the preferred ones first.
const sk_maxpool2d_u8_kernel *_Nonnull const *_Nonnull sk_maxpool2d_u8_kernels(size_t *_Nonnull count);

/// The first implementation that a processor with `isa` runs.
const sk_maxpool2d_u8_kernel *_Nonnull sk_maxpool2d_u8_choose(sk_isa isa);

/// The definition, one element at a time: the oracle of the others.
void sk_maxpool2d_u8_naive(
    const sk_pool2d_shape *_Nonnull shape, const uint8_t *_Nonnull input, uint8_t *_Nonnull output);
