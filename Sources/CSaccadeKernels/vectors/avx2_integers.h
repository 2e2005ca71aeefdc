#pragma once
// Vectors of 8 s32 sums and of 16 s16 results; see avx512_vnni.h for what each name means.
//
// AVX2 has no exact sum of four products of bytes: its u8 × s8 multiply-add saturates (255 · -128 · 2 is too much for an
// s16). So weights are packed as s16, the first and third of four and then the second and fourth, and the input bytes are
// taken apart to match. With SK_AVX_VNNI the one instruction that does it all is there.

#include "../requantize/requantize.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// clang-format off
#ifdef SK_AVX_VNNI
#define SK_TARGET_BEGIN \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,fma,avxvnni\"))), apply_to = function)")
#else
#define SK_TARGET_BEGIN \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,fma\"))), apply_to = function)")
#endif
// clang-format on
#define SK_TARGET_END _Pragma("clang attribute pop")

#define SK_INLINE static inline __attribute__((always_inline))

#define VI_LANES 8

SK_TARGET_BEGIN

typedef __m256i vi;
typedef __m256i vh;

SK_INLINE vi vi_load(const int32_t *p) { return _mm256_load_si256((const __m256i *)p); }

#ifdef SK_AVX_VNNI

#define VW_BYTES 32

typedef __m256i vx;
typedef __m256i vw;

SK_INLINE vx vx_load(const uint8_t *p) {
    int32_t quad;
    memcpy(&quad, p, sizeof quad);
    return _mm256_set1_epi32(quad);
}
SK_INLINE vw vw_load(const int8_t *p) { return _mm256_load_si256((const __m256i *)p); }
SK_INLINE void vw_store_lane(int8_t *packed, size_t lane, const int8_t w[4]) { memcpy(packed + lane * 4, w, 4); }
SK_INLINE vi vi_dot(vi sum, vx x, vw w) { return _mm256_dpbusd_avx_epi32(sum, x, w); }

#else

#define VW_BYTES 64

/// The first and third, and the second and fourth, as s16.
typedef struct vx {
    __m256i even, odd;
} vx;
typedef vx vw;

SK_INLINE vx vx_load(const uint8_t *p) {
    int32_t quad;
    memcpy(&quad, p, sizeof quad);
    const __m256i bytes = _mm256_set1_epi32(quad);
    return (vx){_mm256_and_si256(bytes, _mm256_set1_epi32(0x00ff00ff)), _mm256_srli_epi16(bytes, 8)};
}
SK_INLINE vw vw_load(const int8_t *p) {
    return (vw){_mm256_load_si256((const __m256i *)p), _mm256_load_si256((const __m256i *)(p + 32))};
}
SK_INLINE void vw_store_lane(int8_t *packed, size_t lane, const int8_t w[4]) {
    const int16_t even[2] = {w[0], w[2]}, odd[2] = {w[1], w[3]};
    memcpy(packed + lane * 4, even, 4);
    memcpy(packed + 32 + lane * 4, odd, 4);
}
SK_INLINE vi vi_dot(vi sum, vx x, vw w) {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x.even, w.even));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x.odd, w.odd));
}

/// Input that is read often is made s16 once, so that it need not be taken apart; its weights lie as the first two of
/// four and then the others. `vi_dot` is the same.
#define VX_WIDE

SK_INLINE vx vx_load_wide(const int16_t *p) {
    int32_t pairs[2];
    memcpy(pairs, p, sizeof pairs);
    return (vx){_mm256_set1_epi32(pairs[0]), _mm256_set1_epi32(pairs[1])};
}
SK_INLINE void vw_store_lane_wide(int8_t *packed, size_t lane, const int8_t w[4]) {
    const int16_t first[2] = {w[0], w[1]}, second[2] = {w[2], w[3]};
    memcpy(packed + lane * 4, first, 4);
    memcpy(packed + 32 + lane * 4, second, 4);
}
/// `count` bytes as s16. The bytes may be the last ones of the memory that is written.
SK_INLINE void vx_widen(int16_t *to, const uint8_t *from, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        _mm256_storeu_si256(
            (__m256i *)(to + i), _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(from + i))));
    for (; i < count; i++) to[i] = from[i];
}

#endif

SK_INLINE vi vi_scale(vi sum, const float *multipliers) {
    return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_load_ps(multipliers)));
}
SK_INLINE void vi_store_f32(vi a, vi b, const float *multipliers, const int vectors, float *to, size_t count) {
    const __m256 x = _mm256_mul_ps(_mm256_cvtepi32_ps(a), _mm256_load_ps(multipliers));
    _Alignas(32) float y[16];
    _mm256_store_ps(y, x);
    if (vectors == 2) {
        const __m256 z = _mm256_mul_ps(_mm256_cvtepi32_ps(b), _mm256_load_ps(multipliers + 8));
        _mm256_store_ps(y, _mm256_permute2f128_ps(x, z, 0x20));
        _mm256_store_ps(y + 8, _mm256_permute2f128_ps(x, z, 0x31));
    }
    memcpy(to, y, count * sizeof(float));
}
SK_INLINE vh vh_pack(vi a, vi b) { return _mm256_packs_epi32(a, b); }
SK_INLINE size_t vi_channel(size_t vector, size_t lane) { return lane / 4 * 8 + vector * 4 + lane % 4; }
SK_INLINE vh vh_set1(int16_t x) { return _mm256_set1_epi16(x); }
SK_INLINE vh vh_add(vh a, vh b) { return _mm256_adds_epi16(a, b); }
SK_INLINE vh vh_min(vh a, vh b) { return _mm256_min_epi16(a, b); }
SK_INLINE vh vh_max(vh a, vh b) { return _mm256_max_epi16(a, b); }
SK_INLINE vh vh_mulhrs(vh a, vh b) { return _mm256_mulhrs_epi16(a, b); }
#define vh_shift_left(a, n) _mm256_slli_epi16(a, n)
#define vh_shift_right(a, n) _mm256_srai_epi16(a, n)

typedef const int16_t *vh_curve;

SK_INLINE vh_curve vh_curve_load(const int16_t *c) { return c; }
/// The rise over each t's piece and the value at its beginning, out of tables that are eight rows of eight words: each
/// row answers the bytes 2 · piece and 2 · piece + 1 that lie in it, and gives 0 for the others. Half the time of gathers.
SK_INLINE vh vh_curve_at(const vh_curve *c, vh t) {
    const __m256i piece = _mm256_and_si256(_mm256_srai_epi16(t, 10), _mm256_set1_epi16(SK_CURVE_PIECES - 1));
    const __m256i along = _mm256_and_si256(_mm256_slli_epi16(t, 5), _mm256_set1_epi16(0x7fe0));
    const __m256i bytes = _mm256_or_si256(
        _mm256_or_si256(_mm256_slli_epi16(piece, 1), _mm256_slli_epi16(piece, 9)), _mm256_set1_epi16(0x0100));
    __m256i rise = _mm256_setzero_si256(), value = _mm256_setzero_si256();
#pragma clang loop unroll(full)
    for (int row = 0; row < SK_CURVE_PIECES / 8; row++) {
        // In its row a byte is less than 16, so less than 128 with 112 added; elsewhere it is not.
        const __m256i place = _mm256_add_epi8(
            _mm256_xor_si256(bytes, _mm256_set1_epi8((char)(row * 16))), _mm256_set1_epi8(112));
        const __m128i *rises = (const __m128i *)(const void *)*c + row, *values = rises + SK_CURVE_PIECES / 8;
        rise = _mm256_or_si256(rise, _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_load_si128(rises)), place));
        value = _mm256_or_si256(value, _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_load_si128(values)), place));
    }
    return _mm256_adds_epi16(_mm256_mulhrs_epi16(along, rise), value);
}

SK_INLINE vh vh_load_u8(const uint8_t *p) { return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p)); }
SK_INLINE vh vh_load_u8_first(const uint8_t *p, size_t count) {
    uint8_t bytes[16] = {0};
    memcpy(bytes, p, count);
    return vh_load_u8(bytes);
}
SK_INLINE vh vh_load_u8_pair(const uint8_t *p, const uint8_t *q, size_t count) {
    uint8_t bytes[16] = {0};
    memcpy(bytes, p, count);
    memcpy(bytes + 8, q, count);
    const __m128i both = _mm_loadu_si128((const __m128i *)bytes);
    return _mm256_packs_epi32(_mm256_cvtepu8_epi32(both), _mm256_cvtepu8_epi32(_mm_srli_si128(both, 8)));
}
SK_INLINE __m128i vh_bytes(vh v) {
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(_mm256_packus_epi16(v, v), 0x08));
}
SK_INLINE void vh_store_u8(vh v, uint8_t *p) { _mm_storeu_si128((__m128i *)p, vh_bytes(v)); }
SK_INLINE void vh_store_u8_first(vh v, uint8_t *p, size_t count) {
    uint8_t bytes[16];
    _mm_storeu_si128((__m128i *)bytes, vh_bytes(v));
    memcpy(p, bytes, count);
}
SK_INLINE void vh_store_u8_pair(vh v, uint8_t *p, uint8_t *q, size_t count) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 0, 0, 0, 0);
    uint8_t bytes[16];
    _mm_storeu_si128(
        (__m128i *)bytes,
        _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(_mm256_packus_epi16(v, v), order)));
    if (count == VI_LANES) {
        memcpy(p, bytes, 8);
        memcpy(q, bytes + 8, 8);
    } else {
        memcpy(p, bytes, count);
        memcpy(q, bytes + 8, count);
    }
}

#define VB_BYTES 32
#define VB_PARTS 2
typedef __m256i vb;

SK_INLINE size_t vb_channel(size_t vector, size_t lane) { return lane / 4 * 16 + vector * 4 + lane % 4; }
SK_INLINE vb vb_load(const int parts, const bool whole, const uint8_t *const *p, size_t count) {
    if (whole && parts == 1) return _mm256_loadu_si256((const __m256i *)p[0]);
    if (whole)
        return _mm256_inserti128_si256(
            _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)p[0])), _mm_loadu_si128((const __m128i *)p[1]), 1);
    uint8_t bytes[VB_BYTES] = {0};
    for (int i = 0; i < parts; i++) memcpy(bytes + i * (VB_BYTES / parts), p[i], count);
    return _mm256_loadu_si256((const __m256i *)bytes);
}
SK_INLINE void vb_store(
    const int parts, const bool whole, uint8_t *const *p, size_t count, size_t stored, vb v) {
    if (whole && parts == 1) {
        _mm256_storeu_si256((__m256i *)p[0], v);
        return;
    }
    uint8_t bytes[VB_BYTES];
    _mm256_storeu_si256((__m256i *)bytes, v);
    for (size_t i = 0; i < stored && i < (size_t)parts; i++)
        memcpy(p[i], bytes + i * (VB_BYTES / (size_t)parts), whole ? 16 : count);
}
SK_INLINE vh vb_low(vb v) { return _mm256_unpacklo_epi8(v, _mm256_setzero_si256()); }
SK_INLINE vh vb_high(vb v) { return _mm256_unpackhi_epi8(v, _mm256_setzero_si256()); }
SK_INLINE vb vb_pack(vh low, vh high) { return _mm256_packus_epi16(low, high); }

typedef vx vt;
SK_INLINE vi vt_dot(vi sum, vt t, vw w) { return vi_dot(sum, t, w); }
SK_INLINE void vi_store(int32_t *p, vi v) { _mm256_store_si256((__m256i *)p, v); }

#ifdef SK_AVX_VNNI

SK_INLINE void vt_zip(vb a, vb b, vb c, vb d, vt *t) {
    const __m256i ab_low = _mm256_unpacklo_epi8(a, b), ab_high = _mm256_unpackhi_epi8(a, b);
    const __m256i cd_low = _mm256_unpacklo_epi8(c, d), cd_high = _mm256_unpackhi_epi8(c, d);
    t[0] = _mm256_unpacklo_epi16(ab_low, cd_low);
    t[1] = _mm256_unpackhi_epi16(ab_low, cd_low);
    t[2] = _mm256_unpacklo_epi16(ab_high, cd_high);
    t[3] = _mm256_unpackhi_epi16(ab_high, cd_high);
}

#else

SK_INLINE void vt_zip(vb a, vb b, vb c, vb d, vt *t) {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i ac_low = _mm256_unpacklo_epi8(a, c), ac_high = _mm256_unpackhi_epi8(a, c);
    const __m256i bd_low = _mm256_unpacklo_epi8(b, d), bd_high = _mm256_unpackhi_epi8(b, d);
    t[0] = (vt){_mm256_unpacklo_epi8(ac_low, zero), _mm256_unpacklo_epi8(bd_low, zero)};
    t[1] = (vt){_mm256_unpackhi_epi8(ac_low, zero), _mm256_unpackhi_epi8(bd_low, zero)};
    t[2] = (vt){_mm256_unpacklo_epi8(ac_high, zero), _mm256_unpacklo_epi8(bd_high, zero)};
    t[3] = (vt){_mm256_unpackhi_epi8(ac_high, zero), _mm256_unpackhi_epi8(bd_high, zero)};
}

#endif

SK_INLINE vi vi_set1(int32_t x) { return _mm256_set1_epi32(x); }
SK_INLINE vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
#ifdef SK_AVX_VNNI
SK_INLINE vt vt_load(const uint8_t *p) { return _mm256_load_si256((const __m256i *)p); }
SK_INLINE vw vw_from_vt(vt t) { return _mm256_xor_si256(t, _mm256_set1_epi8((char)0x80)); }
SK_INLINE void vw_store(int8_t *p, vw w) { _mm256_store_si256((__m256i *)p, w); }
#else
SK_INLINE vt vt_load(const uint8_t *p) {
    const __m256i quads = _mm256_load_si256((const __m256i *)p);
    return (vt){_mm256_and_si256(quads, _mm256_set1_epi32(0x00ff00ff)), _mm256_srli_epi16(quads, 8)};
}
SK_INLINE vw vw_from_vt(vt t) {
    const __m256i center = _mm256_set1_epi16(128);
    return (vw){_mm256_sub_epi16(t.even, center), _mm256_sub_epi16(t.odd, center)};
}
SK_INLINE void vw_store(int8_t *p, vw w) {
    _mm256_store_si256((__m256i *)p, w.even);
    _mm256_store_si256((__m256i *)(p + 32), w.odd);
}
#endif

SK_TARGET_END
