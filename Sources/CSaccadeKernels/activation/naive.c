#include "activation.h"

#include <math.h>

float sk_activation_naive(sk_activation activation, float x) {
    switch (activation.kind) {
    case sk_activation_none: return x;
    case sk_activation_relu: return x < 0 ? 0 : x;
    case sk_activation_clip: return x < activation.a ? activation.a : x > activation.b ? activation.b : x;
    case sk_activation_silu: return x / (1 + expf(-x));
    case sk_activation_sigmoid: return 1 / (1 + expf(-x));
    case sk_activation_leaky_relu: return x < 0 ? activation.a * x : x;
    case sk_activation_hard_swish: return x * fminf(fmaxf(x / 6 + 0.5f, 0), 1);
    case sk_activation_hard_sigmoid: return fminf(fmaxf(activation.a * x + activation.b, 0), 1);
    case sk_activation_tanh: return tanhf(x);
    }
    return x;
}
