#pragma once
// What a recurrent cell does after its matrix products, for one time step of a batch: ONNX's LSTM and GRU (opset 14) with
// their default activations, and the gradients. σ is the sigmoid.
//
// Rows are the sequences of a batch. All rows of states have `hidden` elements and stand one after the other; rows of
// gates have four sections of `hidden` elements:
//
//   LSTM  i o f c: in, out and forget gate, and the new cell's content
//   GRU   z r n q: update and reset gate, the new state's content, and what the reset gate has touched: r ⊙ h before the
//                  product with R (linear_before_reset = 0), or h·Rᵀ + Rb, which r is then multiplied with (1)
//
// A row whose sequence has ended (step ≥ its length) keeps its state, gives y = 0 and takes no part in gradients.

#include "../isa/isa.h"

#include <stddef.h>
#include <stdint.h>

/// What all functions know of the step.
typedef struct sk_recurrent_step {
    size_t batch, hidden;
    /// The number of the step, and how many steps each sequence has; NULL: all of them.
    int64_t step;
    const int32_t *_Nullable lengths;
    /// W's biases of each gate in ONNX's order, then R's; NULL: none.
    const float *_Nullable bias;
    /// GRU's linear_before_reset.
    bool resets_product;
} sk_recurrent_step;

/// One step forward.
typedef struct sk_recurrent_forward {
    sk_recurrent_step s;
    /// In: the sums of products without biases; out: the activated gates.
    float *_Nonnull gates;
    /// The state before and after the step; the cells are the LSTM's alone.
    const float *_Nonnull h_before;
    float *_Nonnull h_after;
    const float *_Nullable c_before;
    float *_Nullable c_after;
    float *_Nullable y;
} sk_recurrent_forward;

/// One step back.
typedef struct sk_recurrent_gradient {
    sk_recurrent_step s;
    /// What the step forward has left.
    const float *_Nonnull gates;
    const float *_Nonnull h_before;
    const float *_Nullable c_before;
    const float *_Nullable c_after;
    const float *_Nullable dy;
    /// In: the gradient of the state after the step, but for what comes through y. Out: that of the state before it, but
    /// for what comes through the products with R.
    float *_Nonnull dh;
    float *_Nullable dc;
    /// Gradients of the gates before activation. GRU: of the product with W (z r n), and in the last section that of the
    /// product that gave q (linear_before_reset = 1), or in `gru_reset`'s input that of q itself (0).
    float *_Nonnull dgates;
    /// Sums over the batch are added to it; as long as `bias`.
    float *_Nullable dbias;
} sk_recurrent_gradient;

typedef struct sk_recurrent_f32_kernel {
    const char *_Nonnull name;
    sk_isa isa;
    // Each function works on the units [unit_begin, unit_end) of every row.

    /// i, o, f = σ(·); c = tanh(·); C = f ⊙ C + i ⊙ c; H = o ⊙ tanh(C).
    void (*_Nonnull lstm)(const sk_recurrent_forward *_Nonnull step, size_t unit_begin, size_t unit_end);
    void (*_Nonnull lstm_gradient)(const sk_recurrent_gradient *_Nonnull step, size_t unit_begin, size_t unit_end);
    /// linear_before_reset = 0, before the second product: z, r = σ(·); q = r ⊙ H.
    void (*_Nonnull gru_reset)(const sk_recurrent_forward *_Nonnull step, size_t unit_begin, size_t unit_end);
    /// n = tanh(·), or with linear_before_reset = 1: z, r = σ(·); n = tanh(· + r ⊙ q). H = (1 - z) ⊙ n + z ⊙ H.
    void (*_Nonnull gru)(const sk_recurrent_forward *_Nonnull step, size_t unit_begin, size_t unit_end);
    /// All of linear_before_reset = 1; of 0 what needs no product.
    void (*_Nonnull gru_gradient)(const sk_recurrent_gradient *_Nonnull step, size_t unit_begin, size_t unit_end);
    /// linear_before_reset = 0, after the product that gave q's gradient: the reset gate's.
    void (*_Nonnull gru_reset_gradient)(
        const sk_recurrent_gradient *_Nonnull step, size_t unit_begin, size_t unit_end);
} sk_recurrent_f32_kernel;

/// Every implementation, the preferred ones first.
const sk_recurrent_f32_kernel *_Nonnull const *_Nonnull sk_recurrent_f32_kernels(size_t *_Nonnull count);

/// The implementation for `isa`.
const sk_recurrent_f32_kernel *_Nonnull sk_recurrent_f32_choose(sk_isa isa);
