#pragma once
// Gradients of functions of one number: dx[i] = dy[i] · f′(x[i]). dx may be dy or x.
//
// At corners the gradient is PyTorch's: 0 for relu and abs at 0, the slope for leaky_relu at 0, a for elu at 0;
// hard_swish and hard_sigmoid are flat from the ends of their ramps on. clip is flat on both its bounds.
// The functions that have steps alone (floor, ceil, round, sign) have gradient 0.

#include "../elementwise_f32/elementwise_f32.h"
#include "../isa/isa.h"

#include <stddef.h>

typedef struct sk_unary_gradient_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// `a` and `b` are the function's parameters.
    void (*_Nonnull run)(
        sk_unary_function function, float a, float b, const float *_Nonnull x, const float *_Nonnull dy,
        float *_Nonnull dx, size_t count);
} sk_unary_gradient_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_unary_gradient_f32_kernel *_Nonnull const *_Nonnull sk_unary_gradient_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_unary_gradient_f32_kernel *_Nonnull sk_unary_gradient_f32_choose(sk_isa isa);

/// f′(x) in double precision with the functions of libm: the oracle of the vector code.
double sk_unary_gradient_naive(sk_unary_function function, double a, double b, double x);
