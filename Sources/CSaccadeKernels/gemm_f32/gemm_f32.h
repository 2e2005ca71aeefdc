#pragma once
// Product of two float matrices.
//
//   c[m][n] = alpha · Σ_k a[m][k] · b[k][n] + beta · c[m][n] + bias[n]
//
// Elements of the operands may lie at any distance along both axes, so transposes, slices and broadcasts need no copy;
// those of a row of c touch. With beta = 0, c is only written.
//
// b is packed into panels of columns, and blocks of rows of a are packed on the way, so that the inner loop reads both
// in order (K. Goto, R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008). The depth is cut into
// blocks whose length depends on the depth alone: each block is summed in order of k, one fused multiply-add at a time
// where the instruction set has it, and the blocks' sums are added to c one after the other. So an element's value
// depends neither on its place in a tile, nor on the extents of c, nor on how the work is split over threads.

#include "../isa/isa.h"

#include <stddef.h>

/// Extents may be 0: without depth, the sum is 0.
typedef struct sk_gemm_f32_shape {
    size_t rows, columns, depth;
    /// Elements between neighbours along each axis.
    size_t a_row_stride, a_depth_stride;
    size_t b_depth_stride, b_column_stride;
    size_t c_row_stride;
    float alpha, beta;
} sk_gemm_f32_shape;

/// The part of the work that one call does, half-open: rows of c, panels of columns, and blocks of the depth. All blocks
/// of an element are to be computed, in order.
typedef struct sk_gemm_f32_range {
    size_t row_begin, row_end;
    size_t panel_begin, panel_end;
    size_t block_begin, block_end;
} sk_gemm_f32_range;

typedef struct sk_gemm_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// Rows that are computed together at most, and the columns of a panel.
    size_t tile_rows, panel_columns;
    /// Whether `run` may be given b itself: for a few rows, which would not use a packed one often enough, and for a small
    /// b whose rows lie in one piece.
    bool (*_Nonnull reads_in_place)(const sk_gemm_f32_shape *_Nonnull shape);
    /// Blocks that the depth is cut into, at least 1.
    size_t (*_Nonnull block_count)(const sk_gemm_f32_shape *_Nonnull shape);
    /// Floats that `pack` writes for so many blocks.
    size_t (*_Nonnull packed_count)(const sk_gemm_f32_shape *_Nonnull shape, size_t blocks);
    /// Packs the panels and blocks of `range`; rows mean nothing. `packed` is the place of the range's first block, and
    /// 64-byte aligned.
    void (*_Nonnull pack)(
        const sk_gemm_f32_shape *_Nonnull shape, const float *_Nonnull b, float *_Nonnull packed,
        sk_gemm_f32_range range);
    /// Computes `range` of c from a b that is `packed` from the range's first block on. `bias` may be null: nothing is
    /// added.
    ///
    /// With `b`, where `reads_in_place`, full panels are read from there and need not be packed. Null: all panels are
    /// packed.
    void (*_Nonnull run)(
        const sk_gemm_f32_shape *_Nonnull shape, const float *_Nonnull a, const float *_Nullable b,
        const float *_Nonnull packed, const float *_Nullable bias, float *_Nonnull c, sk_gemm_f32_range range);
} sk_gemm_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_gemm_f32_kernel *_Nonnull const *_Nonnull sk_gemm_f32_kernels(size_t *_Nonnull count);

/// The first implementation that a processor with `isa` runs.
const sk_gemm_f32_kernel *_Nonnull sk_gemm_f32_choose(sk_isa isa);

/// The formula, one element at a time with the sum in double precision: the oracle of the others.
void sk_gemm_f32_naive(
    const sk_gemm_f32_shape *_Nonnull shape, const float *_Nonnull a, const float *_Nonnull b,
    const float *_Nullable bias, float *_Nonnull c);
