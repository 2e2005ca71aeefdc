#pragma once
// From floats to bytes and back, as ONNX's QuantizeLinear and DequantizeLinear with one scale and zero point:
//
//   q = min(max(round(x / scale) + zero_point, 0), 255)    round: to the nearest integer, ties to even
//   x = (q - zero_point) · scale
//
// The quotient is that of a division, not a product with 1 / scale, which may round to the other side of a tie.
// NaN gives 0.

#include "../isa/isa.h"

#include <stddef.h>
#include <stdint.h>

typedef struct sk_quantize_u8_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// `rows` rows of `length` numbers; rows begin `x_stride` floats and `y_stride` bytes apart.
    void (*_Nonnull quantize)(
        float scale, uint8_t zero_point, const float *_Nonnull x, size_t x_stride, uint8_t *_Nonnull y,
        size_t y_stride, size_t rows, size_t length);
    /// `rows` rows of `length` numbers; rows begin `x_stride` bytes and `y_stride` floats apart.
    void (*_Nonnull dequantize)(
        float scale, uint8_t zero_point, const uint8_t *_Nonnull x, size_t x_stride, float *_Nonnull y,
        size_t y_stride, size_t rows, size_t length);
} sk_quantize_u8_kernel;

/// Every implementation, the preferred ones first.
const sk_quantize_u8_kernel *_Nonnull const *_Nonnull sk_quantize_u8_kernels(size_t *_Nonnull count);

/// The first implementation that a processor with `isa` runs.
const sk_quantize_u8_kernel *_Nonnull sk_quantize_u8_choose(sk_isa isa);

/// The definition, one number at a time: the oracle of the others.
uint8_t sk_quantize_u8_naive(float scale, uint8_t zero_point, float x);
float sk_dequantize_u8_naive(float scale, uint8_t zero_point, uint8_t x);
