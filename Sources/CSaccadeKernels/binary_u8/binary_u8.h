#pragma once
// Sum, difference and product of two quantized tensors, rounded once to a third one's scale.
//
//   add   t = (a - zero_a) · factor_a + (b - zero_b) · factor_b      factor_a = scale_a / scale_y, factor_b likewise
//   mul   t = ((a - zero_a) · (b - zero_b)) · factor_a               factor_a = scale_a · scale_b / scale_y
//   y = min(max(round(t) + zero_y, 0), 255)                          round: to the nearest integer, ties to even
//
// Differences and the inner product of `mul` are exact integers; then each operation is rounded to float on its own, in
// this order, never fused. So every implementation gives the same bytes. A difference a - b is a sum whose factor_b is
// negative.

#include "../isa/isa.h"

#include <stddef.h>
#include <stdint.h>

typedef enum sk_binary_u8_function : int32_t {
    sk_binary_u8_add = 0,
    sk_binary_u8_mul = 1,
} sk_binary_u8_function;

typedef struct sk_binary_u8_parameters {
    sk_binary_u8_function function;
    uint8_t zero_a, zero_b, zero_y;
    /// Finite. `factor_b` is read by `add` alone.
    float factor_a, factor_b;
} sk_binary_u8_parameters;

typedef struct sk_binary_u8_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// `rows` rows of `length` bytes. Rows begin `*_stride` bytes apart, 0 where all rows of the result read the same
    /// one; within a row the elements of an operand are `a_step` and `b_step` apart: 1, or 0 where one element serves
    /// the whole row. y may be an operand that is laid out like y.
    void (*_Nonnull run)(
        const sk_binary_u8_parameters *_Nonnull parameters, const uint8_t *_Nonnull a, size_t a_stride, size_t a_step,
        const uint8_t *_Nonnull b, size_t b_stride, size_t b_step, uint8_t *_Nonnull y, size_t y_stride, size_t rows,
        size_t length);
} sk_binary_u8_kernel;

/// Every implementation, the preferred ones first.
const sk_binary_u8_kernel *_Nonnull const *_Nonnull sk_binary_u8_kernels(size_t *_Nonnull count);

/// The first implementation that a processor with `isa` runs.
const sk_binary_u8_kernel *_Nonnull sk_binary_u8_choose(sk_isa isa);

/// The formula for one element: the oracle of the others.
uint8_t sk_binary_u8_naive(const sk_binary_u8_parameters *_Nonnull parameters, uint8_t a, uint8_t b);
