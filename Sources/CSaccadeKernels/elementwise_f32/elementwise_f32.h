#pragma once
// Functions of one or two numbers over rows of floats. Results may be written over an operand that starts at the same
// place.
//
// Against double precision, over all floats: log within 1 ulp; elu 2, erf and softplus 3, gelu 8 (without fused
// multiply-add 66 in its far tail, where it is below 1e-25). gelu_tanh carries the rounding of its exponent: 13 ulp
// down to x = -3, and below -10 nothing is left of it.

#include "../isa/isa.h"

#include <stddef.h>
#include <stdint.h>

/// Functions of one number; the formulas are those of activation.h where the names agree.
typedef enum sk_unary_function : int32_t {
    sk_unary_relu = 1,
    sk_unary_clip = 2,
    sk_unary_silu = 3,
    sk_unary_sigmoid = 4,
    sk_unary_leaky_relu = 5,
    sk_unary_hard_swish = 6,
    sk_unary_hard_sigmoid = 7,
    sk_unary_tanh = 8,
    /// e^x; 0 and infinity past the ends of the range.
    sk_unary_exp = 9,
    sk_unary_sqrt = 10,
    sk_unary_neg = 11,
    sk_unary_abs = 12,
    /// 1 / x
    sk_unary_reciprocal = 13,
    /// ln x
    sk_unary_log = 14,
    /// 2/√π ∫ e^(-t²) dt from 0 to x
    sk_unary_erf = 15,
    /// ln (1 + e^x)
    sk_unary_softplus = 16,
    /// x where x > 0, else a (e^x - 1)
    sk_unary_elu = 17,
    /// x (1 + erf (x / √2)) / 2
    sk_unary_gelu = 18,
    /// x (1 + tanh (√(2/π) (x + 0.044715 x³))) / 2
    sk_unary_gelu_tanh = 19,
    sk_unary_floor = 20,
    sk_unary_ceil = 21,
    /// The nearest integer, ties to even.
    sk_unary_round = 22,
    /// -1, 1, or x itself where it is 0 or NaN
    sk_unary_sign = 23,
    /// x^a. Vectors for a of -2, -1, ±½, 0, 1, 2, 3 and 4 (√ as sk_unary_sqrt has it), else libm's powf.
    sk_unary_power = 24,
} sk_unary_function;

/// Functions of two numbers. `min` and `max` give NaN where an operand is NaN.
typedef enum sk_binary_function : int32_t {
    sk_binary_add = 0,
    sk_binary_sub = 1,
    sk_binary_mul = 2,
    sk_binary_div = 3,
    sk_binary_min = 4,
    sk_binary_max = 5,
} sk_binary_function;

typedef struct sk_elementwise_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// y[i] = function(x[i]), with the function's parameters `a` and `b` where it has any.
    void (*_Nonnull unary)(
        sk_unary_function function, float a, float b, const float *_Nonnull x, float *_Nonnull y, size_t count);
    /// z[i] = function(x[i · x_step], y[i · y_step]); steps are 0 (one number for the whole row) or 1.
    void (*_Nonnull binary)(
        sk_binary_function function, const float *_Nonnull x, size_t x_step, const float *_Nonnull y, size_t y_step,
        float *_Nonnull z, size_t count);
} sk_elementwise_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_elementwise_f32_kernel *_Nonnull const *_Nonnull sk_elementwise_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_elementwise_f32_kernel *_Nonnull sk_elementwise_f32_choose(sk_isa isa);

/// One number through `function` with the functions of libm: the oracle of the vector code.
float sk_unary_naive(sk_unary_function function, float a, float b, float x);

/// One pair of numbers through `function`.
float sk_binary_naive(sk_binary_function function, float x, float y);
