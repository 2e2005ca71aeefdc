#pragma once
// Vectors of 16 floats. Each file in this folder defines the same names for one instruction set; a kernel's `generic.inc`
// is written on these names and compiled once for each.

#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

// clang-format off
#if defined(SK_AVX512_VBMI)
#define SK_TARGET_BEGIN \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi\"))), apply_to = function)")
#else
#define SK_TARGET_BEGIN \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,fma,avx512f,avx512bw,avx512dq,avx512vl\"))), apply_to = function)")
#endif
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
/// Rows of a square to its columns.
static inline __attribute__((always_inline)) void vf_transpose(vf rows[VF_LANES]) {
    // Pairs of rows, then of pairs, then quarters of vectors twice.
    vf t[VF_LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 4) {
        const vf a = _mm512_unpacklo_ps(rows[i], rows[i + 1]), b = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
        const vf c = _mm512_unpacklo_ps(rows[i + 2], rows[i + 3]), d = _mm512_unpackhi_ps(rows[i + 2], rows[i + 3]);
        t[i] = _mm512_shuffle_ps(a, c, 0x44);
        t[i + 1] = _mm512_shuffle_ps(a, c, 0xEE);
        t[i + 2] = _mm512_shuffle_ps(b, d, 0x44);
        t[i + 3] = _mm512_shuffle_ps(b, d, 0xEE);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        const vf a = _mm512_shuffle_f32x4(t[i], t[i + 4], 0x88), b = _mm512_shuffle_f32x4(t[i], t[i + 4], 0xDD);
        const vf c = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0x88), d = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0xDD);
        rows[i] = _mm512_shuffle_f32x4(a, c, 0x88);
        rows[i + 8] = _mm512_shuffle_f32x4(a, c, 0xDD);
        rows[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
        rows[i + 12] = _mm512_shuffle_f32x4(b, d, 0xDD);
    }
}

// Integers of 32 bits, as many as floats.
typedef __m512i vi;

static inline vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
static inline vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
static inline vi vi_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
static inline vf vf_from_vi(vi a) { return _mm512_cvtepi32_ps(a); }
/// The nearest integers, ties to even, for |a| < 2^22.
static inline vi vi_from_vf(vf a) { return _mm512_cvtps_epi32(a); }
/// VF_LANES bytes.
static inline vi vi_load_u8(const uint8_t *p) { return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)); }
/// The first `count` < VF_LANES bytes, then zeros.
static inline vi vi_load_u8_first(const uint8_t *p, size_t count) {
    return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8((__mmask16)((1u << count) - 1), p));
}
/// Stores integers in 0...255 as bytes.
static inline void vi_store_u8(uint8_t *p, vi a) { _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8(a)); }
static inline void vi_store_u8_first(uint8_t *p, vi a, size_t count) {
    _mm_mask_storeu_epi8(p, (__mmask16)((1u << count) - 1), _mm512_cvtepi32_epi8(a));
}

// Integers that are the bits of floats.
static inline vi vi_from_bits(vf a) { return _mm512_castps_si512(a); }
static inline vf vf_from_bits(vi a) { return _mm512_castsi512_ps(a); }
static inline vi vi_and(vi a, vi b) { return _mm512_and_si512(a, b); }
/// a / 2^23, rounded down: the exponent's place in a float.
static inline vi vi_shift_23(vi a) { return _mm512_srai_epi32(a, 23); }

/// A truth for each lane.
typedef __mmask16 vf_test;

static inline vf_test vf_less(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
static inline vf_test vf_less_or_equal(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
static inline vf_test vf_equal(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
/// `x` where `test` holds, else `y`.
static inline vf vf_select(vf_test test, vf x, vf y) { return _mm512_mask_blend_ps(test, y, x); }
/// VF_LANES bytes, true where they are not 0.
static inline vf_test vf_test_load(const uint8_t *p) {
    const __m128i bytes = _mm_loadu_si128((const __m128i *)p);
    return _mm_test_epi8_mask(bytes, bytes);
}
/// The first `count` < VF_LANES bytes.
static inline vf_test vf_test_load_first(const uint8_t *p, size_t count) {
    const __m128i bytes = _mm_maskz_loadu_epi8((__mmask16)((1u << count) - 1), p);
    return _mm_test_epi8_mask(bytes, bytes);
}
/// Stores bytes of 0 and 1.
static inline void vf_test_store(uint8_t *p, vf_test a) {
    _mm_storeu_si128((__m128i *)p, _mm_maskz_set1_epi8(a, 1));
}
static inline void vf_test_store_first(uint8_t *p, vf_test a, size_t count) {
    _mm_mask_storeu_epi8(p, (__mmask16)((1u << count) - 1), _mm_maskz_set1_epi8(a, 1));
}

/// As many doubles as floats, for sums.
typedef struct vd {
    __m512d low, high;
} vd;

static inline vd vd_set1(double x) { return (vd){_mm512_set1_pd(x), _mm512_set1_pd(x)}; }
static inline vd vd_from_vf(vf a) {
    return (vd){
        _mm512_cvtps_pd(_mm512_castps512_ps256(a)), _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1))};
}
static inline vf vf_from_vd(vd a) {
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(a.low)), _mm512_cvtpd_ps(a.high), 1);
}
static inline vd vd_add(vd a, vd b) { return (vd){_mm512_add_pd(a.low, b.low), _mm512_add_pd(a.high, b.high)}; }
/// a · b + c.
static inline vd vd_fma(vd a, vd b, vd c) {
    return (vd){_mm512_fmadd_pd(a.low, b.low, c.low), _mm512_fmadd_pd(a.high, b.high, c.high)};
}
static inline vd vd_load(const double *p) { return (vd){_mm512_loadu_pd(p), _mm512_loadu_pd(p + 8)}; }
static inline void vd_store(double *p, vd a) {
    _mm512_storeu_pd(p, a.low);
    _mm512_storeu_pd(p + 8, a.high);
}
/// The sum of the lanes, halves first.
static inline double vd_sum(vd a) { return _mm512_reduce_add_pd(_mm512_add_pd(a.low, a.high)); }

// Bytes.
#define VB_LANES 64
typedef __m512i vb;

static inline vb vb_load(const uint8_t *p) { return _mm512_loadu_si512(p); }
static inline void vb_store(uint8_t *p, vb v) { _mm512_storeu_si512(p, v); }
static inline vb vb_set1(uint8_t x) { return _mm512_set1_epi8((char)x); }
static inline vb vb_max(vb a, vb b) { return _mm512_max_epu8(a, b); }
static inline vb vb_sub(vb a, vb b) { return _mm512_sub_epi8(a, b); }
/// The first `count` < VB_LANES bytes, then zeros.
static inline vb vb_load_first(const uint8_t *p, size_t count) {
    return _mm512_maskz_loadu_epi8((1ull << count) - 1, p);
}
static inline void vb_store_first(uint8_t *p, vb v, size_t count) {
    _mm512_mask_storeu_epi8(p, (1ull << count) - 1, v);
}

#if defined(SK_AVX512_VBMI)
/// A table of 256 bytes in registers.
typedef struct vb_table {
    __m512i rows[4];
} vb_table;
static inline vb_table vb_table_load(const uint8_t *p) {
    return (vb_table){{vb_load(p), vb_load(p + 64), vb_load(p + 128), vb_load(p + 192)}};
}
static inline vb vb_lookup(const vb_table *t, vb x) {
    const __m512i low = _mm512_permutex2var_epi8(t->rows[0], x, t->rows[1]);
    const __m512i high = _mm512_permutex2var_epi8(t->rows[2], x, t->rows[3]);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high);
}
#else
/// A table of 256 bytes as 16 rows of 16, each row but the first of a half xored with the row before it.
typedef struct vb_table {
    __m512i rows[16];
} vb_table;
static inline vb_table vb_table_load(const uint8_t *p) {
    vb_table t;
    for (int r = 0; r < 16; r++) {
        __m128i row = _mm_loadu_si128((const __m128i *)(p + 16 * r));
        if (r % 8) row = _mm_xor_si128(row, _mm_loadu_si128((const __m128i *)(p + 16 * r - 16)));
        t.rows[r] = _mm512_broadcast_i32x4(row);
    }
    return t;
}
/// Each half of the table answers the bytes that are ≥ 0 after subtracting 16 for each row passed; the others get 0.
static inline vb vb_lookup(const vb_table *t, vb x) {
    const __m512i step = _mm512_set1_epi8(16);
    __m512i low = x, high = _mm512_xor_si512(x, _mm512_set1_epi8((char)0x80));
    __m512i y = _mm512_shuffle_epi8(t->rows[0], low), z = _mm512_shuffle_epi8(t->rows[8], high);
#pragma clang loop unroll(full)
    for (int r = 1; r < 8; r++) {
        low = _mm512_subs_epi8(low, step);
        high = _mm512_subs_epi8(high, step);
        y = _mm512_xor_si512(y, _mm512_shuffle_epi8(t->rows[r], low));
        z = _mm512_xor_si512(z, _mm512_shuffle_epi8(t->rows[8 + r], high));
    }
    return _mm512_or_si512(y, z);
}
#endif

SK_TARGET_END
