#pragma once
// Comparisons of floats, and the choice between two floats by a truth, over rows. Truths are bytes: 0 and 1 as results,
// 0 and anything else as operands. Comparisons with NaN are false, `not_equal` true. Steps are 0 (one operand for the
// whole row) or 1.

#include "../isa/isa.h"

#include <stddef.h>
#include <stdint.h>

typedef enum sk_comparison : int32_t {
    sk_comparison_equal = 0,
    sk_comparison_not_equal = 1,
    sk_comparison_less = 2,
    sk_comparison_less_or_equal = 3,
} sk_comparison;

typedef struct sk_compare_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// z[i] = x[i · x_step] <comparison> y[i · y_step].
    void (*_Nonnull compare)(
        sk_comparison comparison, const float *_Nonnull x, size_t x_step, const float *_Nonnull y, size_t y_step,
        uint8_t *_Nonnull z, size_t count);
    /// z[i] = x[i · x_step] where condition[i · condition_step] holds, else y[i · y_step]. z may be x or y where that
    /// steps.
    void (*_Nonnull select)(
        const uint8_t *_Nonnull condition, size_t condition_step, const float *_Nonnull x, size_t x_step,
        const float *_Nonnull y, size_t y_step, float *_Nonnull z, size_t count);
} sk_compare_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_compare_f32_kernel *_Nonnull const *_Nonnull sk_compare_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_compare_f32_kernel *_Nonnull sk_compare_f32_choose(sk_isa isa);

/// One comparison: the oracle of the vector code.
uint8_t sk_comparison_naive(sk_comparison comparison, float x, float y);
