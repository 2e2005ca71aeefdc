#pragma once
// Vectors of 4 floats in the compiler's own vector type; see avx512.h for what each name means. No fused multiply-add:
// the product is rounded before it is added.

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SK_TARGET_BEGIN
#define SK_TARGET_END

#define VF_LANES 4

typedef float vf __attribute__((vector_size(16)));
typedef int32_t vf_integers __attribute__((vector_size(16)));
typedef size_t vf_mask;

static inline vf vf_load(const float *p) {
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void vf_store(float *p, vf v) { memcpy(p, &v, sizeof v); }
static inline vf vf_set1(float x) { return (vf){x, x, x, x}; }
static inline vf vf_add(vf a, vf b) { return a + b; }
static inline vf vf_sub(vf a, vf b) { return a - b; }
static inline vf vf_mul(vf a, vf b) { return a * b; }
static inline vf vf_div(vf a, vf b) { return a / b; }
static inline vf vf_sqrt(vf a) { return (vf){sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])}; }
static inline vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
static inline vf vf_fnma(vf a, vf b, vf c) { return c - a * b; }
/// `a` in the lanes where `chosen` is all ones, else `b`.
static inline vf vf_choose(vf_integers chosen, vf a, vf b) {
    return (vf)((chosen & (vf_integers)a) | (~chosen & (vf_integers)b));
}
static inline vf vf_min(vf a, vf b) { return vf_choose(a < b, a, b); }
static inline vf vf_max(vf a, vf b) { return vf_choose(a > b, a, b); }
static inline vf vf_select_negative(vf v, vf y, vf x) { return vf_choose(v < vf_set1(0), y, x); }
static inline vf vf_select_nan(vf x, vf y) { return vf_choose(x == x, y, x); }
static inline vf vf_round(vf a) {
    return (vf){rintf(a[0]), rintf(a[1]), rintf(a[2]), rintf(a[3])};
}
static inline vf vf_scale(vf a, vf n) {
    // NaN converts to some integer; the product with `a`, which is NaN too, is NaN all the same.
    vf bounded = vf_min(vf_set1(127), vf_max(vf_set1(-126), vf_choose(n == n, n, vf_set1(0))));
    vf_integers exponent = __builtin_convertvector(bounded, vf_integers) + 127;
    return a * (vf)(exponent << 23);
}
static inline vf vf_reciprocal(vf a) { return vf_set1(1) / a; }
static inline vf_mask vf_mask_first(size_t count) { return count; }
static inline vf vf_load_mask(const float *p, vf_mask mask) {
    vf v = {0, 0, 0, 0};
    memcpy(&v, p, mask * sizeof(float));
    return v;
}
static inline void vf_store_mask(float *p, vf_mask mask, vf v) { memcpy(p, &v, mask * sizeof(float)); }
static inline void vf_transpose(vf rows[VF_LANES]) {
    const vf a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
    const vf b = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
    const vf c = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
    const vf d = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
    rows[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    rows[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    rows[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    rows[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

typedef vf_integers vi;

static inline vi vi_set1(int32_t x) { return (vi){x, x, x, x}; }
static inline vi vi_add(vi a, vi b) { return a + b; }
static inline vi vi_sub(vi a, vi b) { return a - b; }
static inline vf vf_from_vi(vi a) { return __builtin_convertvector(a, vf); }
/// 1.5 · 2^23 is added: the sum has no place for a fraction, and its low bits are the integer.
static inline vi vi_from_vf(vf a) { return (vi)(a + vf_set1(12582912)) - (vi)vf_set1(12582912); }
static inline vi vi_load_u8(const uint8_t *p) { return (vi){p[0], p[1], p[2], p[3]}; }
static inline vi vi_load_u8_first(const uint8_t *p, size_t count) {
    uint8_t bytes[4] = {0};
    memcpy(bytes, p, count);
    return vi_load_u8(bytes);
}
static inline void vi_store_u8(uint8_t *p, vi a) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)a[i];
}
static inline void vi_store_u8_first(uint8_t *p, vi a, size_t count) {
    uint8_t bytes[4];
    vi_store_u8(bytes, a);
    memcpy(p, bytes, count);
}

static inline vi vi_from_bits(vf a) { return (vi)a; }
static inline vf vf_from_bits(vi a) { return (vf)a; }
static inline vi vi_and(vi a, vi b) { return a & b; }
static inline vi vi_shift_23(vi a) { return a >> 23; }

typedef vf_integers vf_test;

static inline vf_test vf_less(vf a, vf b) { return a < b; }
static inline vf_test vf_less_or_equal(vf a, vf b) { return a <= b; }
static inline vf_test vf_equal(vf a, vf b) { return a == b; }
static inline vf vf_select(vf_test test, vf x, vf y) { return vf_choose(test, x, y); }
static inline vf_test vf_test_load(const uint8_t *p) { return vi_load_u8(p) > 0; }
static inline vf_test vf_test_load_first(const uint8_t *p, size_t count) { return vi_load_u8_first(p, count) > 0; }
static inline void vf_test_store(uint8_t *p, vf_test a) { vi_store_u8(p, a & 1); }
static inline void vf_test_store_first(uint8_t *p, vf_test a, size_t count) { vi_store_u8_first(p, a & 1, count); }

typedef double vd_half __attribute__((vector_size(16)));
typedef struct vd {
    vd_half low, high;
} vd;

static inline vd vd_set1(double x) { return (vd){{x, x}, {x, x}}; }
static inline vd vd_from_vf(vf a) { return (vd){{a[0], a[1]}, {a[2], a[3]}}; }
static inline vf vf_from_vd(vd a) {
    return (vf){(float)a.low[0], (float)a.low[1], (float)a.high[0], (float)a.high[1]};
}
static inline vd vd_add(vd a, vd b) { return (vd){a.low + b.low, a.high + b.high}; }
static inline vd vd_fma(vd a, vd b, vd c) { return (vd){a.low * b.low + c.low, a.high * b.high + c.high}; }
static inline vd vd_load(const double *p) { return (vd){{p[0], p[1]}, {p[2], p[3]}}; }
static inline void vd_store(double *p, vd a) {
    memcpy(p, &a.low, sizeof a.low);
    memcpy(p + 2, &a.high, sizeof a.high);
}
static inline double vd_sum(vd a) {
    const vd_half pairs = a.low + a.high;
    return pairs[0] + pairs[1];
}

#define VB_LANES 16
typedef uint8_t vb __attribute__((vector_size(16)));

static inline vb vb_load(const uint8_t *p) {
    vb v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void vb_store(uint8_t *p, vb v) { memcpy(p, &v, sizeof v); }
static inline vb vb_set1(uint8_t x) { return x - (vb){0}; }
static inline vb vb_max(vb a, vb b) { return __builtin_elementwise_max(a, b); }
static inline vb vb_sub(vb a, vb b) { return a - b; }
static inline vb vb_load_first(const uint8_t *p, size_t count) {
    vb v = {0};
    memcpy(&v, p, count);
    return v;
}
static inline void vb_store_first(uint8_t *p, vb v, size_t count) { memcpy(p, &v, count); }

typedef struct vb_table {
    const uint8_t *bytes;
} vb_table;
static inline vb_table vb_table_load(const uint8_t *p) { return (vb_table){p}; }
static inline vb vb_lookup(const vb_table *t, vb x) {
    uint8_t bytes[VB_LANES];
    vb_store(bytes, x);
    for (int i = 0; i < VB_LANES; i++) bytes[i] = t->bytes[bytes[i]];
    return vb_load(bytes);
}
