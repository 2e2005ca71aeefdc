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
