#pragma once
// Vectors of 16 floats. Each file in this folder defines the same names for one instruction set; a kernel's `generic.inc`
// is written on these names and compiled once for each.

#include <immintrin.h>
#include <math.h>
#include <stddef.h>

// clang-format off
#define SK_TARGET_BEGIN \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,fma,avx512f,avx512bw,avx512dq,avx512vl\"))), apply_to = function)")
// clang-format on
#define SK_TARGET_END _Pragma("clang attribute pop")

#define VF_LANES 16

SK_TARGET_BEGIN

typedef __m512 vf;
/// Lanes chosen for a partial load or store.
typedef __mmask16 vf_mask;

static inline vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vf_store(float *p, vf v) { _mm512_storeu_ps(p, v); }
static inline vf vf_set1(float x) { return _mm512_set1_ps(x); }
static inline vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
static inline vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
/// a · b + c, rounded once.
static inline vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
/// c - a · b.
static inline vf vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
/// The lesser; `b` where either is NaN.
static inline vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
/// The greater; `b` where either is NaN.
static inline vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
/// `x` where `v` ≥ 0 or `v` is NaN, else `y`.
static inline vf vf_select_negative(vf v, vf y, vf x) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_LT_OQ), x, y);
}
/// `x` where it is NaN, else `y`.
static inline vf vf_select_nan(vf x, vf y) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), y, x);
}
/// The nearest integer, ties to even.
static inline vf vf_round(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
/// a · 2^n for integers n in [-126, 127].
static inline vf vf_scale(vf a, vf n) { return _mm512_scalef_ps(a, n); }
/// 1 / a within 1 ulp or so, for 1 ≤ a < 2^126.
static inline vf vf_reciprocal(vf a) {
    vf r = _mm512_rcp14_ps(a);
    vf e = _mm512_fnmadd_ps(a, r, _mm512_set1_ps(1));
    r = _mm512_fmadd_ps(r, e, r);
    e = _mm512_fnmadd_ps(a, r, _mm512_set1_ps(1));
    return _mm512_fmadd_ps(r, e, r);
}
/// The first `count` lanes, 0 ≤ count ≤ VF_LANES.
static inline vf_mask vf_mask_first(size_t count) { return (__mmask16)((1u << count) - 1); }
/// The chosen lanes; the others are 0 and their memory is not touched.
static inline vf vf_load_mask(const float *p, vf_mask mask) { return _mm512_maskz_loadu_ps(mask, p); }
static inline void vf_store_mask(float *p, vf_mask mask, vf v) { _mm512_mask_storeu_ps(p, mask, v); }

SK_TARGET_END
