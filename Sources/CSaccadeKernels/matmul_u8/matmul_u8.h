#pragma once
// Product of two quantized matrices: u8 × u8, s32 sums.
//
//   sum[m][n] = Σ_k (a[m][k] - zero_a) · (b[k][n] - zero_b)
//   c[m][n]   = requantize(sum[m][n] · multiplier)                        (see requantize.h; no addend)
//
// Elements of the operands may lie at any distance along both axes, so transposes and slices need no copy. Sums are
// exact, so every implementation gives the same bytes on every split of the work.
//
// One operand of the instructions is signed, so b is packed at run time as b - 128; then
//
//   sum = Σ a · (b - 128) - zero_a · Σ (b - 128) - (zero_b - 128) · Σ (a - zero_a)
//
// whose last two terms are one number for each column and one for each row.

#include "../isa/isa.h"
#include "../requantize/requantize.h"

#include <stddef.h>
#include <stdint.h>

/// Extents are at least 1; depth is at most 32768, so that sums fit.
typedef struct sk_matmul_u8_shape {
    size_t rows, columns, depth;
    /// Bytes between neighbours along each axis.
    size_t a_row_stride, a_depth_stride;
    size_t b_depth_stride, b_column_stride;
    /// Elements between rows of the result; those of a row touch.
    size_t c_row_stride;
    uint8_t zero_a, zero_b;
} sk_matmul_u8_shape;

typedef struct sk_matmul_u8_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// Rows that are computed together.
    size_t tile_rows;
    /// Bytes that `prepare` writes.
    size_t (*_Nonnull scratch_bytes)(const sk_matmul_u8_shape *_Nonnull shape);
    /// Packs b, and what `run` needs of a. `scratch` is 64-byte aligned.
    void (*_Nonnull prepare)(
        const sk_matmul_u8_shape *_Nonnull shape, const uint8_t *_Nonnull a, const uint8_t *_Nonnull b,
        void *_Nonnull scratch);
    /// Computes the rows [row_begin, row_end) of c, which is u8, or f32 where the result is.
    void (*_Nonnull run)(
        const sk_matmul_u8_shape *_Nonnull shape, const uint8_t *_Nonnull a, const void *_Nonnull scratch,
        float multiplier, const sk_requantize *_Nonnull requantize, void *_Nonnull c, size_t row_begin,
        size_t row_end);
} sk_matmul_u8_kernel;

/// Every implementation, the preferred ones first.
const sk_matmul_u8_kernel *_Nonnull const *_Nonnull sk_matmul_u8_kernels(size_t *_Nonnull count);

/// The first implementation that a processor with `isa` runs.
const sk_matmul_u8_kernel *_Nonnull sk_matmul_u8_choose(sk_isa isa);

/// The formula, one element at a time: the oracle of the others.
void sk_matmul_u8_naive(
    const sk_matmul_u8_shape *_Nonnull shape, const uint8_t *_Nonnull a, const uint8_t *_Nonnull b, float multiplier,
    const sk_requantize *_Nonnull requantize, void *_Nonnull c);
