#include "unary_gradient_f32.h"

#include <math.h>

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

double sk_unary_gradient_naive(sk_unary_function function, double a, double b, double x) {
    switch (function) {
    case sk_unary_relu: return x <= 0 ? 0 : 1;
    case sk_unary_clip: return x > a && x < b ? 1 : 0;
    case sk_unary_silu: return sigmoid(x) * (1 + x * sigmoid(-x));
    case sk_unary_sigmoid: return sigmoid(x) * sigmoid(-x);
    case sk_unary_leaky_relu: return x > 0 ? 1 : a;
    case sk_unary_hard_swish: return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5;
    case sk_unary_hard_sigmoid: return a * x + b > 0 && a * x + b < 1 ? a : 0;
    case sk_unary_tanh: return 1 / (cosh(x) * cosh(x));
    case sk_unary_exp: return exp(x);
    case sk_unary_sqrt: return 0.5 / sqrt(x);
    case sk_unary_neg: return -1;
    case sk_unary_abs: return x > 0 ? 1 : x < 0 ? -1 : 0;
    case sk_unary_reciprocal: return -1 / (x * x);
    case sk_unary_log: return 1 / x;
    case sk_unary_erf: return 1.128379167095512574 * exp(-x * x);
    case sk_unary_softplus: return sigmoid(x);
    case sk_unary_elu: return x > 0 ? 1 : a * exp(x);
    case sk_unary_gelu:
        return 0.5 * erfc(-x * 0.707106781186547524) + x * 0.398942280401432678 * exp(-x * x / 2);
    case sk_unary_gelu_tanh: {
        const double u = 1.595769121605730711 * (x + 0.044715 * x * x * x);
        const double slope = 1.595769121605730711 * (1 + 3 * 0.044715 * x * x);
        return sigmoid(u) + x * sigmoid(u) * sigmoid(-u) * slope;
    }
    case sk_unary_floor:
    case sk_unary_ceil:
    case sk_unary_round:
    case sk_unary_sign: return 0;
    case sk_unary_power: return a == 0 ? 0 : a * pow(x, a - 1);
    }
    return 0;
}
