#include "../activation/activation.h"
#include "elementwise_f32.h"

#include <math.h>

float sk_unary_naive(sk_unary_function function, float a, float b, float x) {
    switch (function) {
    case sk_unary_exp: return expf(x);
    case sk_unary_sqrt: return sqrtf(x);
    case sk_unary_neg: return -x;
    case sk_unary_abs: return fabsf(x);
    case sk_unary_reciprocal: return 1 / x;
    case sk_unary_log: return logf(x);
    case sk_unary_erf: return erff(x);
    case sk_unary_softplus: return fmaxf(x, 0) + log1pf(expf(-fabsf(x)));
    case sk_unary_elu: return x > 0 ? x : a * expm1f(x);
    case sk_unary_gelu: return x * 0.5f * erfcf(x * -0.707106781186547524f);
    case sk_unary_gelu_tanh: return x * 0.5f * (1 + tanhf(0.797884560802865356f * (x + 0.044715f * x * x * x)));
    case sk_unary_floor: return floorf(x);
    case sk_unary_ceil: return ceilf(x);
    case sk_unary_round: return rintf(x);
    case sk_unary_sign: return x > 0 ? 1 : x < 0 ? -1 : x;
    case sk_unary_power: return powf(x, a);
    default: return sk_activation_naive((sk_activation){(sk_activation_kind)function, a, b}, x);
    }
}

float sk_binary_naive(sk_binary_function function, float x, float y) {
    switch (function) {
    case sk_binary_add: return x + y;
    case sk_binary_sub: return x - y;
    case sk_binary_mul: return x * y;
    case sk_binary_div: return x / y;
    case sk_binary_min: return x != x ? x : y != y ? y : x < y ? x : y;
    case sk_binary_max: return x != x ? x : y != y ? y : x > y ? x : y;
    }
    return 0;
}
