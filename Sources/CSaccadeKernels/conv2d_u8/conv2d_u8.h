#pragma once
// Two-dimensional convolution of quantized images, channels last: u8 pixels, s8 weights, s32 sums.
//
//   sum[p][o] = bias[o] + Σ_(ky,kx) Σ_i (x[at(p,ky,kx)][i] - x_zero_point) · w[o][i][ky][kx]
//   y[p][o]   = requantize(sum[p][o])                                     (see requantize.h)
//
// with the pixels, taps, groups and pixel strides of conv2d_f32.h. Pixels outside of the image are zero, which is to say
// the input's zero point. Sums are exact, so every implementation gives the same bytes on every split of the work.

#include "../conv2d/conv2d.h"
#include "../isa/isa.h"
#include "../requantize/requantize.h"

/// The numbers of a convolution's weights, as `pack` takes them.
typedef struct sk_conv2d_u8_weights {
    /// [out_channels][in_channels / groups][kernel_height][kernel_width].
    const int8_t *_Nonnull values;
    /// [out_channels], in units of the sums; null: zeros.
    const int32_t *_Nullable bias;
    /// [out_channels]: what a sum is multiplied with.
    const float *_Nonnull multipliers;
} sk_conv2d_u8_weights;

/// One implementation of the convolution.
typedef struct sk_conv2d_u8_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// Output pixels that are computed together.
    size_t tile_pixels;
    /// Whether this kernel computes convolutions of this shape.
    bool (*_Nonnull supports)(const sk_conv2d_shape *_Nonnull shape);
    /// The number of channel blocks.
    size_t (*_Nonnull block_count)(const sk_conv2d_shape *_Nonnull shape);
    /// Bytes that `pack` writes.
    size_t (*_Nonnull packed_bytes)(const sk_conv2d_shape *_Nonnull shape);
    /// Rearranges the weights for inputs with this zero point. `packed` is 64-byte aligned.
    void (*_Nonnull pack)(
        const sk_conv2d_shape *_Nonnull shape, const sk_conv2d_u8_weights *_Nonnull weights,
        uint8_t input_zero_point, void *_Nonnull packed);
    /// Computes `range` of the result. `output` (u8, or f32 where the result is) and `addend` (null: nothing is added)
    /// point at the first pixel's first channel; `addend` may be `output`, not overlap it otherwise. Reads no byte
    /// outside of the pixels' channels.
    void (*_Nonnull run)(
        const sk_conv2d_shape *_Nonnull shape, const void *_Nonnull packed, const uint8_t *_Nonnull input,
        uint8_t input_zero_point, const uint8_t *_Nullable addend, void *_Nonnull output,
        const sk_requantize *_Nonnull requantize, sk_conv2d_range range);
} sk_conv2d_u8_kernel;

/// Every implementation, the preferred ones first; which of them the processor runs is for the caller to check.
const sk_conv2d_u8_kernel *_Nonnull const *_Nonnull sk_conv2d_u8_kernels(size_t *_Nonnull count);

/// The first implementation for `isa` that supports `shape`; null when there is none (windows of more than 96 KiB),
/// where the naive one serves.
const sk_conv2d_u8_kernel *_Nullable sk_conv2d_u8_choose(const sk_conv2d_shape *_Nonnull shape, sk_isa isa);

/// The formula above, one element at a time: oracle of the others.
void sk_conv2d_u8_naive(
    const sk_conv2d_shape *_Nonnull shape, const sk_conv2d_u8_weights *_Nonnull weights,
    const uint8_t *_Nonnull input, uint8_t input_zero_point, const uint8_t *_Nullable addend, void *_Nonnull output,
    const sk_requantize *_Nonnull requantize);
