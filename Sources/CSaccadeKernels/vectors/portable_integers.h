#pragma once
// Vectors of 4 s32 sums and of 8 s16 results in plain C; see avx512_vnni.h for what each name means.

#include "../requantize/requantize.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SK_TARGET_BEGIN
#define SK_TARGET_END

#define SK_INLINE static inline __attribute__((always_inline))

#define VI_LANES 4
/// Four s16 for each lane.
#define VW_BYTES 32

typedef int32_t vi __attribute__((vector_size(16)));
typedef int16_t vh __attribute__((vector_size(16)));
/// The four inputs.
typedef struct vx {
    int32_t quad[4];
} vx;
/// Weight i of every lane.
typedef struct vw {
    vi quad[4];
} vw;

SK_INLINE vi vi_load(const int32_t *p) {
    vi v;
    memcpy(&v, p, sizeof v);
    return v;
}
SK_INLINE vx vx_load(const uint8_t *p) { return (vx){{p[0], p[1], p[2], p[3]}}; }
SK_INLINE vw vw_load(const int8_t *p) {
    int16_t w[16];
    memcpy(w, p, sizeof w);
    vw v;
    for (int i = 0; i < 4; i++) v.quad[i] = (vi){w[i * 4], w[i * 4 + 1], w[i * 4 + 2], w[i * 4 + 3]};
    return v;
}
SK_INLINE void vw_store_lane(int8_t *packed, size_t lane, const int8_t w[4]) {
    for (size_t i = 0; i < 4; i++) {
        const int16_t wide = w[i];
        memcpy(packed + (i * 4 + lane) * 2, &wide, 2);
    }
}
SK_INLINE vi vi_dot(vi sum, vx x, vw w) {
    for (int i = 0; i < 4; i++) sum += x.quad[i] * w.quad[i];
    return sum;
}
/// Held to what an s16 holds, whose ends are integers, then 1.5 · 2^23 is added: the sum has no place for a fraction.
SK_INLINE vi vi_scale(vi sum, const float *multipliers) {
    typedef float vf __attribute__((vector_size(16)));
    const vf least = {INT16_MIN, INT16_MIN, INT16_MIN, INT16_MIN}, most = {INT16_MAX, INT16_MAX, INT16_MAX, INT16_MAX};
    const vf magic = {12582912, 12582912, 12582912, 12582912};
    vf y;
    memcpy(&y, multipliers, sizeof y);
    y = __builtin_convertvector(sum, vf) * y;
    y = __builtin_elementwise_min(__builtin_elementwise_max(y, least), most);
    y = y + magic;
    return (vi)y - (vi)magic;
}
SK_INLINE void vi_store_f32(vi a, vi b, const float *multipliers, const int vectors, float *to, size_t count) {
    float y[8];
    for (int i = 0; i < 4; i++) y[i] = (float)a[i] * multipliers[i];
    if (vectors == 2)
        for (int i = 0; i < 4; i++) y[4 + i] = (float)b[i] * multipliers[4 + i];
    memcpy(to, y, count * sizeof(float));
}
SK_INLINE int16_t saturate16(int32_t x) {
    return (int16_t)(x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x);
}
SK_INLINE vh vh_pack(vi a, vi b) {
    typedef int32_t wide __attribute__((vector_size(32)));
    const wide both = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
    const wide least = (wide){} + INT16_MIN, most = (wide){} + INT16_MAX;
    return __builtin_convertvector(__builtin_elementwise_min(__builtin_elementwise_max(both, least), most), vh);
}
SK_INLINE size_t vi_channel(size_t vector, size_t lane) { return vector * 4 + lane; }
SK_INLINE vh vh_set1(int16_t x) { return (vh){x, x, x, x, x, x, x, x}; }
SK_INLINE vh vh_add(vh a, vh b) { return __builtin_elementwise_add_sat(a, b); }
SK_INLINE vh vh_min(vh a, vh b) { return __builtin_elementwise_min(a, b); }
SK_INLINE vh vh_max(vh a, vh b) { return __builtin_elementwise_max(a, b); }
SK_INLINE vh vh_mulhrs(vh a, vh b) {
    for (int i = 0; i < 8; i++) a[i] = (int16_t)((a[i] * b[i] + (1 << 14)) >> 15);
    return a;
}
#define vh_shift_left(a, n) ((vh)((a) << (n)))
#define vh_shift_right(a, n) ((vh)((a) >> (n)))

typedef const int16_t *vh_curve;

SK_INLINE vh_curve vh_curve_load(const int16_t *c) { return c; }
SK_INLINE vh vh_curve_at(const vh_curve *c, vh t) {
    for (int i = 0; i < 8; i++) {
        const int piece = (t[i] >> 10) & (SK_CURVE_PIECES - 1), along = (t[i] & 1023) << 5;
        t[i] = saturate16((*c)[SK_CURVE_PIECES + piece] + ((along * (*c)[piece] + (1 << 14)) >> 15));
    }
    return t;
}
SK_INLINE vh vh_load_u8_first(const uint8_t *p, size_t count) {
    vh v = {0};
    for (size_t i = 0; i < count; i++) v[i] = p[i];
    return v;
}
SK_INLINE vh vh_load_u8(const uint8_t *p) { return vh_load_u8_first(p, 2 * VI_LANES); }
SK_INLINE vh vh_load_u8_pair(const uint8_t *p, const uint8_t *q, size_t count) {
    vh v = {0};
    for (size_t i = 0; i < count; i++) v[i] = p[i], v[VI_LANES + i] = q[i];
    return v;
}
SK_INLINE void vh_store_u8_first(vh v, uint8_t *p, size_t count) {
    for (size_t i = 0; i < count; i++) p[i] = (uint8_t)(v[i] < 0 ? 0 : v[i] > 255 ? 255 : v[i]);
}
SK_INLINE void vh_store_u8(vh v, uint8_t *p) { vh_store_u8_first(v, p, 2 * VI_LANES); }
SK_INLINE void vh_store_u8_pair(vh v, uint8_t *p, uint8_t *q, size_t count) {
    uint8_t bytes[2 * VI_LANES];
    vh_store_u8(v, bytes);
    memcpy(p, bytes, count);
    memcpy(q, bytes + VI_LANES, count);
}

#define VB_BYTES 16
#define VB_PARTS 1
typedef uint8_t vb __attribute__((vector_size(16)));

SK_INLINE size_t vb_channel(size_t vector, size_t lane) { return vector * 4 + lane; }
SK_INLINE vb vb_load(const int parts, const bool whole, const uint8_t *const *p, size_t count) {
    (void)parts;
    vb v = {0};
    if (whole) memcpy(&v, p[0], sizeof v);
    else memcpy(&v, p[0], count);
    return v;
}
SK_INLINE void vb_store(
    const int parts, const bool whole, uint8_t *const *p, size_t count, size_t stored, vb v) {
    (void)parts, (void)stored;
    if (whole) memcpy(p[0], &v, sizeof v);
    else memcpy(p[0], &v, count);
}
typedef uint8_t vb_half __attribute__((vector_size(8)));
SK_INLINE vh vb_low(vb v) {
    return __builtin_convertvector(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7), vh);
}
SK_INLINE vh vb_high(vb v) {
    return __builtin_convertvector(__builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15), vh);
}
SK_INLINE vb vb_pack(vh low, vh high) {
    const vh least = vh_set1(0), most = vh_set1(255);
    const vb_half a = __builtin_convertvector(vh_min(vh_max(low, least), most), vb_half);
    const vb_half b = __builtin_convertvector(vh_min(vh_max(high, least), most), vb_half);
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/// Byte i of every lane.
typedef vw vt;
SK_INLINE void vt_zip(vb a, vb b, vb c, vb d, vt *t) {
    const vh from[4][2] = {
        {vb_low(a), vb_high(a)}, {vb_low(b), vb_high(b)}, {vb_low(c), vb_high(c)}, {vb_low(d), vb_high(d)}};
    for (int v = 0; v < 4; v++)
        for (int i = 0; i < 4; i++) {
            const vh half = from[i][v / 2];
            t[v].quad[i] = __builtin_convertvector(
                v % 2 ? __builtin_shufflevector(half, half, 4, 5, 6, 7) : __builtin_shufflevector(half, half, 0, 1, 2, 3),
                vi);
        }
}
SK_INLINE vi vt_dot(vi sum, vt t, vw w) {
    for (int i = 0; i < 4; i++) sum += t.quad[i] * w.quad[i];
    return sum;
}
SK_INLINE void vi_store(int32_t *p, vi v) { memcpy(p, &v, sizeof v); }

SK_INLINE vi vi_set1(int32_t x) { return (vi){x, x, x, x}; }
SK_INLINE vi vi_add(vi a, vi b) { return a + b; }
SK_INLINE vt vt_load(const uint8_t *p) {
    vt t;
    for (int i = 0; i < 4; i++) t.quad[i] = (vi){p[i], p[4 + i], p[8 + i], p[12 + i]};
    return t;
}
SK_INLINE vw vw_from_vt(vt t) {
    for (int i = 0; i < 4; i++) t.quad[i] -= 128;
    return t;
}
SK_INLINE void vw_store(int8_t *p, vw w) {
    int16_t words[16];
    for (int i = 0; i < 16; i++) words[i] = (int16_t)w.quad[i / 4][i % 4];
    memcpy(p, words, sizeof words);
}
