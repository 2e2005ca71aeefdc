#pragma once
// How a convolution's weights and bias must change: the gradients of its sum, given those of its result.
//
//   dw[o][i][ky][kx] = Σ_p dy[p][o] · x[at(p,ky,kx)][i]
//   db[o]            = Σ_p dy[p][o]
//
// p, at(), groups and pixel strides are those of conv2d_f32.h, whose shape this is: dy lies like the output there.
//
// Pixels are taken in blocks of a fixed number: the sum of a block is taken in order, one fused multiply-add at a time
// where the instruction set has it, and the sums of the blocks of a range are added one after the other. The ranges'
// sums are added in a tree of halves. The caller chooses the ranges, from the shape alone when the result must not
// depend on anything else.

#include "../conv2d/conv2d.h"
#include "../isa/isa.h"

typedef struct sk_conv2d_weight_gradient_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// Pixels of a block; ranges are multiples of it, except the last one.
    size_t block_pixels;
    /// Whether this kernel computes gradients for this shape.
    bool (*_Nonnull supports)(const sk_conv2d_shape *_Nonnull shape);
    /// The number of blocks of output channels.
    size_t (*_Nonnull block_count)(const sk_conv2d_shape *_Nonnull shape);
    /// Floats of the sums over one range of pixels.
    size_t (*_Nonnull sums_count)(const sk_conv2d_shape *_Nonnull shape);
    /// Writes the sums over the pixels of `range` for its blocks of output channels. `sums` is 64-byte aligned. `zeros`
    /// are as many as the input channels times the kernel's width: what taps outside of the image read.
    void (*_Nonnull run)(
        const sk_conv2d_shape *_Nonnull shape, const float *_Nonnull input, const float *_Nonnull output_gradient,
        const float *_Nonnull zeros, float *_Nonnull sums, sk_conv2d_range range);
    /// Adds the sums of `count` ranges, which lie `stride` floats apart and are overwritten, and writes the gradients of
    /// the blocks [block_begin, block_end).
    void (*_Nonnull finish)(
        const sk_conv2d_shape *_Nonnull shape, float *_Nonnull sums, size_t stride, size_t count,
        float *_Nonnull weight_gradient, float *_Nullable bias_gradient, size_t block_begin, size_t block_end);
} sk_conv2d_weight_gradient_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_conv2d_weight_gradient_f32_kernel *_Nonnull const *_Nonnull sk_conv2d_weight_gradient_f32_kernels(
    size_t *_Nonnull count);

/// The first implementation for `isa` that supports `shape`; null when there is none (kernels more than 32 columns wide).
const sk_conv2d_weight_gradient_f32_kernel *_Nullable sk_conv2d_weight_gradient_f32_choose(
    const sk_conv2d_shape *_Nonnull shape, sk_isa isa);

/// The formulas, one element at a time with sums in double precision: the oracle of the others.
void sk_conv2d_weight_gradient_f32_naive(
    const sk_conv2d_shape *_Nonnull shape, const float *_Nonnull input, const float *_Nonnull output_gradient,
    float *_Nonnull weight_gradient, float *_Nullable bias_gradient);
