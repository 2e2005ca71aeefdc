#pragma once
// Vectors of 16 s32 sums and of 32 s16 results. Each of the *_vnni.h, avx2_integers.h and portable_integers.h defines the
// same names for one instruction set; kernels on bytes are written on these names and compiled once for each.

#include "../requantize/requantize.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// clang-format off
#define SK_TARGET_BEGIN \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni\"))), apply_to = function)")
// clang-format on
#define SK_TARGET_END _Pragma("clang attribute pop")

#define SK_INLINE static inline __attribute__((always_inline))

#define VI_LANES 16
/// Bytes of one vector of packed weights: four inputs for each lane.
#define VW_BYTES 64

SK_TARGET_BEGIN

/// Sums.
typedef __m512i vi;
/// Twice as many s16.
typedef __m512i vh;
/// Four input bytes, the same in every lane.
typedef __m512i vx;
/// Four weights for each lane.
typedef __m512i vw;

SK_INLINE vi vi_load(const int32_t *p) { return _mm512_load_si512(p); }
SK_INLINE vx vx_load(const uint8_t *p) {
    int32_t quad;
    memcpy(&quad, p, sizeof quad);
    return _mm512_set1_epi32(quad);
}
SK_INLINE vw vw_load(const int8_t *p) { return _mm512_load_si512(p); }
/// Writes four weights of `lane` into packed weights; `w[i]` goes with input i.
SK_INLINE void vw_store_lane(int8_t *packed, size_t lane, const int8_t w[4]) { memcpy(packed + lane * 4, w, 4); }
/// sum + Σ of the four products, exactly.
SK_INLINE vi vi_dot(vi sum, vx x, vw w) { return _mm512_dpbusd_epi32(sum, x, w); }
/// round(sum · multiplier), ties to even.
SK_INLINE vi vi_scale(vi sum, const float *multipliers) {
    return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_load_ps(multipliers)));
}
/// Stores sum · multiplier of the first `count` channels of a block of one or two vectors as floats.
SK_INLINE void vi_store_f32(
    vi a, vi b, const float *multipliers, const int vectors, float *to, size_t count) {
    __m512 first = _mm512_mul_ps(_mm512_cvtepi32_ps(a), _mm512_load_ps(multipliers));
    if (vectors == 2) {
        const __m512 x = first, y = _mm512_mul_ps(_mm512_cvtepi32_ps(b), _mm512_load_ps(multipliers + 16));
        const __m512i low = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
        const __m512i high = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
        first = _mm512_permutex2var_ps(x, low, y);
        const __mmask16 mask = (__mmask16)((1u << (count - 16)) - 1);
        _mm512_mask_storeu_ps(to + 16, mask, _mm512_permutex2var_ps(x, high, y));
    }
    _mm512_mask_storeu_ps(to, count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1), first);
}
/// The first and second half of the channels of `vi_channel` in their natural order, saturated.
SK_INLINE vh vh_pack(vi a, vi b) { return _mm512_packs_epi32(a, b); }
/// The channel among 2 · VI_LANES that lane `lane` of sum vector `vector` must hold for `vh_pack` to give them in order.
SK_INLINE size_t vi_channel(size_t vector, size_t lane) { return lane / 4 * 8 + vector * 4 + lane % 4; }
SK_INLINE vh vh_set1(int16_t x) { return _mm512_set1_epi16(x); }
SK_INLINE vh vh_add(vh a, vh b) { return _mm512_adds_epi16(a, b); }
SK_INLINE vh vh_min(vh a, vh b) { return _mm512_min_epi16(a, b); }
SK_INLINE vh vh_max(vh a, vh b) { return _mm512_max_epi16(a, b); }
/// (a · b + 2^14) >> 15.
SK_INLINE vh vh_mulhrs(vh a, vh b) { return _mm512_mulhrs_epi16(a, b); }
#define vh_shift_left(a, n) _mm512_slli_epi16(a, n)
#define vh_shift_right(a, n) _mm512_srai_epi16(a, n)

/// The pieces of a curve, held in registers.
typedef struct vh_curve {
    __m512i rise[2], value[2];
} vh_curve;

SK_INLINE vh_curve vh_curve_load(const int16_t *c) {
    return (vh_curve){
        {_mm512_load_si512(c), _mm512_load_si512(c + 32)}, {_mm512_load_si512(c + 64), _mm512_load_si512(c + 96)}};
}
/// The curve at t, as requantize.h defines it.
SK_INLINE vh vh_curve_at(const vh_curve *c, vh t) {
    const __m512i piece = _mm512_srai_epi16(t, 10);
    const __m512i along = _mm512_and_si512(_mm512_slli_epi16(t, 5), _mm512_set1_epi16(0x7fe0));
    const __m512i rise = _mm512_mulhrs_epi16(along, _mm512_permutex2var_epi16(c->rise[0], piece, c->rise[1]));
    return _mm512_adds_epi16(rise, _mm512_permutex2var_epi16(c->value[0], piece, c->value[1]));
}
// Results of two vectors of sums: of one pixel's two, or of two pixels' one each.

/// 2 · VI_LANES bytes as s16.
SK_INLINE vh vh_load_u8(const uint8_t *p) { return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)p)); }
/// The first `count` of them; the others are 0 and their memory is not touched.
SK_INLINE vh vh_load_u8_first(const uint8_t *p, size_t count) {
    return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8((__mmask32)((1ull << count) - 1), p));
}
/// The first `count` ≤ VI_LANES bytes of two pixels, in the order that `vh_pack` gives their sums.
SK_INLINE vh vh_load_u8_pair(const uint8_t *p, const uint8_t *q, size_t count) {
    const __mmask16 mask = (__mmask16)((1u << count) - 1);
    return _mm512_packs_epi32(
        _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, p)), _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, q)));
}
/// Saturated to 0 ... 255, in order.
SK_INLINE __m256i vh_bytes(vh v) {
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 0, 2, 4, 6);
    return _mm512_castsi512_si256(_mm512_permutexvar_epi64(order, _mm512_packus_epi16(v, v)));
}
SK_INLINE void vh_store_u8(vh v, uint8_t *p) { _mm256_storeu_si256((__m256i *)p, vh_bytes(v)); }
SK_INLINE void vh_store_u8_first(vh v, uint8_t *p, size_t count) {
    _mm256_mask_storeu_epi8(p, (__mmask32)((1ull << count) - 1), vh_bytes(v));
}
SK_INLINE void vh_store_u8_pair(vh v, uint8_t *p, uint8_t *q, size_t count) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_packus_epi16(v, v));
    const __m128i first = _mm512_castsi512_si128(bytes), second = _mm512_extracti32x4_epi32(bytes, 1);
    if (count == VI_LANES) {
        _mm_storeu_si128((__m128i *)p, first);
        _mm_storeu_si128((__m128i *)q, second);
    } else {
        _mm_mask_storeu_epi8(p, (__mmask16)((1u << count) - 1), first);
        _mm_mask_storeu_epi8(q, (__mmask16)((1u << count) - 1), second);
    }
}

// Bytes of four vectors of sums, for operators that keep channels apart. The bytes may come from 1, 2 or 4 places,
// which is `parts`: the first `count` bytes of each, up to VB_BYTES / parts.

#define VB_BYTES 64
#define VB_PARTS 4
typedef __m512i vb;

/// The channel among VB_BYTES that lane `lane` of sum vector `vector` must hold for `vh_pack` and `vb_pack` to give them
/// in order.
SK_INLINE size_t vb_channel(size_t vector, size_t lane) { return lane / 4 * 16 + vector * 4 + lane % 4; }
SK_INLINE vb vb_load(const int parts, const bool whole, const uint8_t *const *p, size_t count) {
    if (parts == 1)
        return whole ? _mm512_loadu_si512(p[0]) : _mm512_maskz_loadu_epi8(~0ull >> (64 - count), p[0]);
    if (parts == 2) {
        const __mmask32 mask = ~0u >> (32 - count);
        const __m256i a = whole ? _mm256_loadu_si256((const __m256i *)p[0]) : _mm256_maskz_loadu_epi8(mask, p[0]);
        const __m256i b = whole ? _mm256_loadu_si256((const __m256i *)p[1]) : _mm256_maskz_loadu_epi8(mask, p[1]);
        return _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
    }
    const __mmask16 mask = (__mmask16)(0xffffu >> (16 - count));
    __m128i part[4];
    for (int i = 0; i < 4; i++)
        part[i] = whole ? _mm_loadu_si128((const __m128i *)p[i]) : _mm_maskz_loadu_epi8(mask, p[i]);
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(part[0]), part[1], 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(part[2]), part[3], 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}
/// Stores the parts, the first `stored` of them.
SK_INLINE void vb_store(
    const int parts, const bool whole, uint8_t *const *p, size_t count, size_t stored, vb v) {
    if (parts == 1) {
        if (whole) _mm512_storeu_si512(p[0], v);
        else _mm512_mask_storeu_epi8(p[0], ~0ull >> (64 - count), v);
    } else if (parts == 2) {
        const __mmask32 mask = ~0u >> (32 - count);
        _mm256_mask_storeu_epi8(p[0], mask, _mm512_castsi512_si256(v));
        if (stored > 1) _mm256_mask_storeu_epi8(p[1], mask, _mm512_extracti64x4_epi64(v, 1));
    } else {
        const __mmask16 mask = (__mmask16)(0xffffu >> (16 - count));
        _mm_mask_storeu_epi8(p[0], mask, _mm512_castsi512_si128(v));
        if (stored > 1) _mm_mask_storeu_epi8(p[1], mask, _mm512_extracti64x2_epi64(v, 1));
        if (stored > 2) _mm_mask_storeu_epi8(p[2], mask, _mm512_extracti64x2_epi64(v, 2));
        if (stored > 3) _mm_mask_storeu_epi8(p[3], mask, _mm512_extracti64x2_epi64(v, 3));
    }
}
/// The bytes that go with the sums of vectors 0 and 1, and of vectors 2 and 3, as s16.
SK_INLINE vh vb_low(vb v) { return _mm512_unpacklo_epi8(v, _mm512_setzero_si512()); }
SK_INLINE vh vb_high(vb v) { return _mm512_unpackhi_epi8(v, _mm512_setzero_si512()); }
/// The inverse, saturated to 0 ... 255.
SK_INLINE vb vb_pack(vh low, vh high) { return _mm512_packus_epi16(low, high); }

/// For each lane four input bytes of its own.
typedef __m512i vt;
/// One vector for each of the four vectors of sums from four vectors of bytes.
SK_INLINE void vt_zip(vb a, vb b, vb c, vb d, vt *t) {
    const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
    const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
    t[0] = _mm512_unpacklo_epi16(ab_low, cd_low);
    t[1] = _mm512_unpackhi_epi16(ab_low, cd_low);
    t[2] = _mm512_unpacklo_epi16(ab_high, cd_high);
    t[3] = _mm512_unpackhi_epi16(ab_high, cd_high);
}
SK_INLINE vi vt_dot(vi sum, vt t, vw w) { return _mm512_dpbusd_epi32(sum, t, w); }
SK_INLINE void vi_store(int32_t *p, vi v) { _mm512_store_si512(p, v); }

// Weights made at run time from bytes, less 128.

SK_INLINE vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
SK_INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
/// Four bytes for each lane, as they lie.
SK_INLINE vt vt_load(const uint8_t *p) { return _mm512_load_si512(p); }
SK_INLINE vw vw_from_vt(vt t) { return _mm512_xor_si512(t, _mm512_set1_epi8((char)0x80)); }
SK_INLINE void vw_store(int8_t *p, vw w) { _mm512_store_si512(p, w); }

SK_TARGET_END
