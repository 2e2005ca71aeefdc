#pragma once
// Two-dimensional convolution of float images, channels last, with bias, activation and residual.
//
//   y[p][o] = activation(bias[o] + Σ_(ky,kx) Σ_i x[at(p,ky,kx)][i] · w[o][i][ky][kx]) + addend[p][o]
//
// where p runs over the pixels of all output images (n, row, column), at() is the input pixel
// (row · stride_h - pad_top + ky · dilation_h, column · stride_w - pad_left + kx · dilation_w) and pixels outside of the
// image are zero. With groups, i runs over the inputs of o's group. Padding may be negative (it wraps): then the first
// windows begin inside the image.
//
// Pixels may be further apart than they have channels (`*_pixel_stride`), so that a convolution can read a slice of a
// tensor and write into a slice of a concatenation.
//
// The sum is taken in one fixed order (ky, kx, i), one fused multiply-add at a time where the instruction set has it.
// So an element's value depends neither on its place in a tile nor on how the work is split over threads.

#include "../activation/activation.h"
#include "../conv2d/conv2d.h"
#include "../isa/isa.h"

/// One implementation of the convolution.
typedef struct sk_conv2d_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// Output pixels that are computed together; ranges that are multiples of it waste nothing.
    size_t tile_pixels;
    /// Whether this kernel computes convolutions of this shape.
    bool (*_Nonnull supports)(const sk_conv2d_shape *_Nonnull shape);
    /// The number of channel blocks.
    size_t (*_Nonnull block_count)(const sk_conv2d_shape *_Nonnull shape);
    /// Floats that `pack` writes.
    size_t (*_Nonnull packed_count)(const sk_conv2d_shape *_Nonnull shape);
    /// Rearranges weights [out_channels][in_channels / groups][kernel_height][kernel_width] and bias [out_channels]
    /// (or null: zeros) for the channel blocks [block_begin, block_end). `packed` is 64-byte aligned.
    void (*_Nonnull pack)(
        const sk_conv2d_shape *_Nonnull shape, const float *_Nonnull weights, const float *_Nullable bias,
        float *_Nonnull packed, size_t block_begin, size_t block_end);
    /// Computes `range` of the result. `output` and `addend` (null: nothing is added) point at the first pixel's first
    /// channel; `addend` may be `output`, not overlap it otherwise.
    void (*_Nonnull run)(
        const sk_conv2d_shape *_Nonnull shape, const float *_Nonnull packed, const float *_Nonnull input,
        const float *_Nullable addend, float *_Nonnull output, sk_activation activation, sk_conv2d_range range);
} sk_conv2d_f32_kernel;

/// Every implementation, the preferred ones first; which of them the processor runs is for the caller to check.
const sk_conv2d_f32_kernel *_Nonnull const *_Nonnull sk_conv2d_f32_kernels(size_t *_Nonnull count);

/// The first implementation for `isa` that supports `shape`; null when there is none (kernels more than a hundred
/// columns wide), where the naive one serves.
const sk_conv2d_f32_kernel *_Nullable sk_conv2d_f32_choose(const sk_conv2d_shape *_Nonnull shape, sk_isa isa);

/// The formula above, one element at a time: oracle of the others. Weights and bias are as `pack` takes them.
void sk_conv2d_f32_naive(
    const sk_conv2d_shape *_Nonnull shape, const float *_Nonnull weights, const float *_Nullable bias,
    const float *_Nonnull input, const float *_Nullable addend, float *_Nonnull output, sk_activation activation);
