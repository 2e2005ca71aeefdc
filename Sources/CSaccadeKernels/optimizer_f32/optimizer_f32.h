#pragma once
// The steps of optimizers over flat rows of parameters: one pass over memory for each, with clipping and the penalties
// of L1 and L2 fused in. The formulas and their order are PyTorch's (torch.optim, single-tensor forms); products are
// rounded before they are added, so that every instruction set gives the same bits.
//
// Arrays of one call have the same length and do not overlap. `w` are the parameters, `g` their gradients.

#include "../isa/isa.h"

#include <stdbool.h>
#include <stddef.h>

/// What becomes of a gradient before the optimizer's rule sees it:
///     g ← clip(g · scale, ±limit) + l2 · w + l1 · sign(w),   sign(0) = 0
typedef struct sk_gradient_terms {
    /// 1 / accumulated batches, or the factor of clipping by the global norm, or both.
    float scale;
    /// Infinity clips nothing. NaN stays NaN.
    float limit;
    float l2;
    float l1;
} sk_gradient_terms;

/// b ← momentum · b + g;   w ← w - rate · (nesterov ? g + momentum · b : b)
typedef struct sk_sgd_step {
    float rate;
    float momentum;
    bool nesterov;
} sk_sgd_step;

/// s ← smoothing · s + (1 - smoothing) · g²;   w ← w - rate · g / (√s + epsilon)
/// Centred: a ← a + (1 - smoothing) · (g - a), and √(s - a²) stands for √s, of 0 where rounding makes it negative.
/// With a momentum: b ← momentum · b + g / (…);   w ← w - rate · b
typedef struct sk_rms_prop_step {
    float rate;
    float smoothing;
    /// 1 - smoothing, rounded once from double precision.
    float rest;
    float epsilon;
    float momentum;
} sk_rms_prop_step;

/// m ← m + rest1 · (g - m);   v ← beta2 · v + rest2 · g²
/// w ← keep · w - step_size · m / (√v / root_correction + epsilon)
typedef struct sk_adam_step {
    /// rate / (1 - beta1^t)
    float step_size;
    /// 1 - beta1, rounded once from double precision.
    float rest1;
    float beta2;
    /// 1 - beta2, rounded once from double precision.
    float rest2;
    /// √(1 - beta2^t)
    float root_correction;
    float epsilon;
    /// 1 - rate · decay for decoupled weight decay, else 1.
    float keep;
} sk_adam_step;

typedef struct sk_optimizer_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    /// `b` is null without a momentum.
    void (*_Nonnull sgd)(
        const sk_gradient_terms *_Nonnull terms, const sk_sgd_step *_Nonnull step, size_t count, float *_Nonnull w,
        const float *_Nonnull g, float *_Nullable b);
    /// `a` is null where it is not centred, `b` without a momentum.
    void (*_Nonnull rms_prop)(
        const sk_gradient_terms *_Nonnull terms, const sk_rms_prop_step *_Nonnull step, size_t count,
        float *_Nonnull w, const float *_Nonnull g, float *_Nonnull s, float *_Nullable a, float *_Nullable b);
    void (*_Nonnull adam)(
        const sk_gradient_terms *_Nonnull terms, const sk_adam_step *_Nonnull step, size_t count, float *_Nonnull w,
        const float *_Nonnull g, float *_Nonnull m, float *_Nonnull v);
    /// y ← y + share · (x - y)
    void (*_Nonnull approach)(float share, size_t count, const float *_Nonnull x, float *_Nonnull y);
    /// The sum of squares in double precision, on 16 running sums (element i goes to sum i mod 16) that are added
    /// pairwise at the end. Not finite exactly where an element is not: no sum of squares of floats leaves a double.
    double (*_Nonnull sum_of_squares)(size_t count, const float *_Nonnull x);
} sk_optimizer_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_optimizer_f32_kernel *_Nonnull const *_Nonnull sk_optimizer_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_optimizer_f32_kernel *_Nonnull sk_optimizer_f32_choose(sk_isa isa);

/// The formulas as plain loops: the oracle of the tests.
extern const sk_optimizer_f32_kernel sk_optimizer_f32_naive;
