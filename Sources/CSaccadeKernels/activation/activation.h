#pragma once
// The activations that kernels apply to their results while these are in registers.

#include <stdint.h>

typedef enum sk_activation_kind : int32_t {
    /// x
    sk_activation_none = 0,
    /// max(x, 0)
    sk_activation_relu = 1,
    /// min(max(x, a), b)
    sk_activation_clip = 2,
    /// x / (1 + e^-x)
    sk_activation_silu = 3,
    /// 1 / (1 + e^-x)
    sk_activation_sigmoid = 4,
    /// x where x ≥ 0, else a·x
    sk_activation_leaky_relu = 5,
    /// x · min(max(x / 6 + 1/2, 0), 1)
    sk_activation_hard_swish = 6,
    /// min(max(a·x + b, 0), 1)
    sk_activation_hard_sigmoid = 7,
    /// tanh x
    sk_activation_tanh = 8,
} sk_activation_kind;

/// An activation with its parameters; `a` and `b` are read by the kinds whose formula names them.
typedef struct sk_activation {
    sk_activation_kind kind;
    float a, b;
} sk_activation;

/// The activation of one number with the functions of libm: the oracle of the vector code.
float sk_activation_naive(sk_activation activation, float x);
