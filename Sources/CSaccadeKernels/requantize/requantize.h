#pragma once
// From the s32 sum of a quantized product to its result: scale, activation, residual and rounding in one step.
//
//   t = saturate16(round(sum · multiplier[o]))                                            ties to even
//   v = linear:  min(max(t, low), high)
//       curve:   saturate16(value[s] + ((f · rise[s] + 2^14) >> 15)), s = (t >> 10) & 63, f = (t & 1023) << 5
//   v = saturate16(v + residual)                                                          where there is an addend
//   q = saturate8((saturate16(v + offset)) >> fraction)                                   0 ... 255
//
// `t` is in steps of the result for a linear result without an addend (`fraction` 0, `offset` the zero point), which is
// ONNX's QLinearConv to the bit. Otherwise `v` has six binary places below the step (`fraction` 6, `offset` 64 times the
// zero point plus 32), so that neither the activation nor the residual is rounded to a byte before the end.
//
// A curve is any function of one variable in 64 straight pieces over the range of `t`: 65536 steps of the sum before
// the activation. It costs two table lookups of 64 words for a vector, and its error is a fraction of a step of the result.
//
//   residual = ((addend - addend_zero_point) · 128 · addend_multiplier + 2^14) >> 15
//
// All of it is integer arithmetic but the product with the multiplier, which is one float product: so every instruction
// set gives the same bytes. |sum · multiplier| must be less than 2^31.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Binary places below a step of the result while it is an s16.
#define SK_FRACTION 6
#define SK_CURVE_PIECES 64

/// A function in 64 straight pieces: its rise over each piece, then its value at the beginning of each, 64-byte aligned.
/// Piece s begins at t = 1024 · s for s < 32, at 1024 · (s - 64) for the others.
typedef int16_t sk_curve[2 * SK_CURVE_PIECES];

typedef enum sk_result_kind : int32_t {
    /// u8, scaled and clamped.
    sk_result_linear = 0,
    /// u8, through a curve.
    sk_result_curve = 1,
    /// f32: sum · multiplier.
    sk_result_f32 = 2,
} sk_result_kind;

/// How sums become results. The multipliers, one for each output channel, are kept with the packed weights.
typedef struct sk_requantize {
    sk_result_kind kind;
    /// The result's zero point, 0 ... 255.
    int32_t zero_point;
    /// Bounds of a linear result before the zero point is added, in steps (with an addend: in 64ths of a step).
    int16_t low, high;
    /// For `sk_result_curve`: an `sk_curve`.
    const int16_t *_Nullable curve;
    /// For an addend: its zero point, and its scale divided by the result's, times 2^14 (so below 2).
    int16_t addend_zero_point, addend_multiplier;
} sk_requantize;

/// The formula above for one element: oracle of the vector code. `addend` is null where nothing is added.
uint8_t sk_requantize_naive(
    const sk_requantize *_Nonnull r, int32_t sum, float multiplier, const uint8_t *_Nullable addend);
