#pragma once
// Vectors of 8 floats; see avx512.h for what each name means.

#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// clang-format off
#define SK_TARGET_BEGIN \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,fma\"))), apply_to = function)")
// clang-format on
#define SK_TARGET_END _Pragma("clang attribute pop")

#define VF_LANES 8

SK_TARGET_BEGIN

typedef __m256 vf;
typedef __m256i vf_mask;

static inline vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vf_store(float *p, vf v) { _mm256_storeu_ps(p, v); }
static inline vf vf_set1(float x) { return _mm256_set1_ps(x); }
static inline vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
static inline vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
static inline vf vf_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
static inline vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
static inline vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
static inline vf vf_select_negative(vf v, vf y, vf x) {
    return _mm256_blendv_ps(x, y, _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_LT_OQ));
}
static inline vf vf_select_nan(vf x, vf y) { return _mm256_blendv_ps(y, x, _mm256_cmp_ps(x, x, _CMP_UNORD_Q)); }
static inline vf vf_round(vf a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
static inline vf vf_scale(vf a, vf n) {
    __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
}
static inline vf vf_reciprocal(vf a) { return _mm256_div_ps(_mm256_set1_ps(1), a); }
static inline vf_mask vf_mask_first(size_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline vf vf_load_mask(const float *p, vf_mask mask) { return _mm256_maskload_ps(p, mask); }
static inline void vf_store_mask(float *p, vf_mask mask, vf v) { _mm256_maskstore_ps(p, mask, v); }
static inline __attribute__((always_inline)) void vf_transpose(vf rows[VF_LANES]) {
    vf t[VF_LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i += 4) {
        const vf a = _mm256_unpacklo_ps(rows[i], rows[i + 1]), b = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
        const vf c = _mm256_unpacklo_ps(rows[i + 2], rows[i + 3]), d = _mm256_unpackhi_ps(rows[i + 2], rows[i + 3]);
        t[i] = _mm256_shuffle_ps(a, c, 0x44);
        t[i + 1] = _mm256_shuffle_ps(a, c, 0xEE);
        t[i + 2] = _mm256_shuffle_ps(b, d, 0x44);
        t[i + 3] = _mm256_shuffle_ps(b, d, 0xEE);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        rows[i] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x20);
        rows[i + 4] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x31);
    }
}

typedef __m256i vi;

static inline vi vi_set1(int32_t x) { return _mm256_set1_epi32(x); }
static inline vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
static inline vi vi_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
static inline vf vf_from_vi(vi a) { return _mm256_cvtepi32_ps(a); }
static inline vi vi_from_vf(vf a) { return _mm256_cvtps_epi32(a); }
static inline vi vi_load_u8(const uint8_t *p) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)); }
static inline vi vi_load_u8_first(const uint8_t *p, size_t count) {
    uint8_t bytes[8] = {0};
    memcpy(bytes, p, count);
    return vi_load_u8(bytes);
}
static inline void vi_store_u8(uint8_t *p, vi a) {
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    _mm_storel_epi64((__m128i *)p, _mm_packus_epi16(words, words));
}
static inline void vi_store_u8_first(uint8_t *p, vi a, size_t count) {
    uint8_t bytes[8];
    vi_store_u8(bytes, a);
    memcpy(p, bytes, count);
}

static inline vi vi_from_bits(vf a) { return _mm256_castps_si256(a); }
static inline vf vf_from_bits(vi a) { return _mm256_castsi256_ps(a); }
static inline vi vi_and(vi a, vi b) { return _mm256_and_si256(a, b); }
static inline vi vi_shift_23(vi a) { return _mm256_srai_epi32(a, 23); }

typedef __m256 vf_test;

static inline vf_test vf_less(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
static inline vf_test vf_less_or_equal(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
static inline vf_test vf_equal(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
static inline vf vf_select(vf_test test, vf x, vf y) { return _mm256_blendv_ps(y, x, test); }
static inline vf_test vf_test_load(const uint8_t *p) {
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(vi_load_u8(p), _mm256_setzero_si256()));
}
static inline vf_test vf_test_load_first(const uint8_t *p, size_t count) {
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(vi_load_u8_first(p, count), _mm256_setzero_si256()));
}
static inline void vf_test_store(uint8_t *p, vf_test a) {
    vi_store_u8(p, _mm256_srli_epi32(_mm256_castps_si256(a), 31));
}
static inline void vf_test_store_first(uint8_t *p, vf_test a, size_t count) {
    vi_store_u8_first(p, _mm256_srli_epi32(_mm256_castps_si256(a), 31), count);
}

typedef struct vd {
    __m256d low, high;
} vd;

static inline vd vd_set1(double x) { return (vd){_mm256_set1_pd(x), _mm256_set1_pd(x)}; }
static inline vd vd_from_vf(vf a) {
    return (vd){_mm256_cvtps_pd(_mm256_castps256_ps128(a)), _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1))};
}
static inline vf vf_from_vd(vd a) { return _mm256_set_m128(_mm256_cvtpd_ps(a.high), _mm256_cvtpd_ps(a.low)); }
static inline vd vd_add(vd a, vd b) { return (vd){_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)}; }
static inline vd vd_fma(vd a, vd b, vd c) {
    return (vd){_mm256_fmadd_pd(a.low, b.low, c.low), _mm256_fmadd_pd(a.high, b.high, c.high)};
}
static inline vd vd_load(const double *p) { return (vd){_mm256_loadu_pd(p), _mm256_loadu_pd(p + 4)}; }
static inline void vd_store(double *p, vd a) {
    _mm256_storeu_pd(p, a.low);
    _mm256_storeu_pd(p + 4, a.high);
}
static inline double vd_sum(vd a) {
    const __m256d quads = _mm256_add_pd(a.low, a.high);
    const __m128d pairs = _mm_add_pd(_mm256_castpd256_pd128(quads), _mm256_extractf128_pd(quads, 1));
    return pairs[0] + pairs[1];
}

#define VB_LANES 32
typedef __m256i vb;

static inline vb vb_load(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
static inline void vb_store(uint8_t *p, vb v) { _mm256_storeu_si256((__m256i *)p, v); }
static inline vb vb_set1(uint8_t x) { return _mm256_set1_epi8((char)x); }
static inline vb vb_max(vb a, vb b) { return _mm256_max_epu8(a, b); }
static inline vb vb_sub(vb a, vb b) { return _mm256_sub_epi8(a, b); }
static inline vb vb_load_first(const uint8_t *p, size_t count) {
    uint8_t bytes[VB_LANES] = {0};
    memcpy(bytes, p, count);
    return vb_load(bytes);
}
static inline void vb_store_first(uint8_t *p, vb v, size_t count) {
    uint8_t bytes[VB_LANES];
    vb_store(bytes, v);
    memcpy(p, bytes, count);
}

typedef struct vb_table {
    __m256i rows[16];
} vb_table;
static inline vb_table vb_table_load(const uint8_t *p) {
    vb_table t;
    for (int r = 0; r < 16; r++) {
        __m128i row = _mm_loadu_si128((const __m128i *)(p + 16 * r));
        if (r % 8) row = _mm_xor_si128(row, _mm_loadu_si128((const __m128i *)(p + 16 * r - 16)));
        t.rows[r] = _mm256_broadcastsi128_si256(row);
    }
    return t;
}
static inline vb vb_lookup(const vb_table *t, vb x) {
    const __m256i step = _mm256_set1_epi8(16);
    __m256i low = x, high = _mm256_xor_si256(x, _mm256_set1_epi8((char)0x80));
    __m256i y = _mm256_shuffle_epi8(t->rows[0], low), z = _mm256_shuffle_epi8(t->rows[8], high);
#pragma clang loop unroll(full)
    for (int r = 1; r < 8; r++) {
        low = _mm256_subs_epi8(low, step);
        high = _mm256_subs_epi8(high, step);
        y = _mm256_xor_si256(y, _mm256_shuffle_epi8(t->rows[r], low));
        z = _mm256_xor_si256(z, _mm256_shuffle_epi8(t->rows[8 + r], high));
    }
    return _mm256_or_si256(y, z);
}

SK_TARGET_END
