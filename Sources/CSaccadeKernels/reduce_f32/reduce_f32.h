#pragma once
// Sums, sums of squares, maxima and minima of many floats. Totals are doubles: a sum of 2^20 floats loses nothing that
// a float would show, and a maximum is exact. The order of the additions depends on the extents alone.

#include "../isa/isa.h"

#include <stddef.h>
#include <stdint.h>

typedef enum sk_reduction : int32_t {
    /// Σ x
    sk_reduction_sum = 0,
    /// Σ x²
    sk_reduction_square_sum = 1,
    /// The greatest; NaN where there is one.
    sk_reduction_max = 2,
    /// The least; NaN where there is one.
    sk_reduction_min = 3,
} sk_reduction;

typedef struct sk_reduce_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// totals[r] = reduction of the `count` ≥ 1 numbers from x + r · stride.
    void (*_Nonnull rows)(
        sk_reduction reduction, const float *_Nonnull x, size_t stride, double *_Nonnull totals, size_t rows,
        size_t count);
    /// totals[c] = reduction of x[c + i · stride] over i < `count`, for columns, count ≥ 1.
    void (*_Nonnull columns)(
        sk_reduction reduction, const float *_Nonnull x, size_t stride, double *_Nonnull totals, size_t columns,
        size_t count);
    /// totals[c] = reduction of parts[c + i · stride] over i < `count`, count ≥ 1, where the parts are totals
    /// themselves: those of squares are added.
    void (*_Nonnull join)(
        sk_reduction reduction, const double *_Nonnull parts, size_t stride, double *_Nonnull totals, size_t columns,
        size_t count);
} sk_reduce_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_reduce_f32_kernel *_Nonnull const *_Nonnull sk_reduce_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_reduce_f32_kernel *_Nonnull sk_reduce_f32_choose(sk_isa isa);

/// y[r] = scale · total of row r, for totals that need no further joining.
void sk_reduce_rows_to_floats(
    const sk_reduce_f32_kernel *_Nonnull kernel, sk_reduction reduction, const float *_Nonnull x, size_t stride,
    double scale, float *_Nonnull y, size_t rows, size_t count);

/// y[c] = scale · total of column c.
void sk_reduce_columns_to_floats(
    const sk_reduce_f32_kernel *_Nonnull kernel, sk_reduction reduction, const float *_Nonnull x, size_t stride,
    double scale, float *_Nonnull y, size_t columns, size_t count);

/// The total of `count` numbers that lie `stride` apart, one after the other: the oracle.
double sk_reduce_naive(sk_reduction reduction, const float *_Nonnull x, size_t stride, size_t count);
