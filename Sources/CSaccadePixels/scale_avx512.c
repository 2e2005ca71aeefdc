// The scaling loops for AVX-512: 16 places per gather, 16 pixels per store.
#include "scale.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl"))), apply_to = function)
#include "interleave.h"

void sp_blend_rows_avx512(const uint8_t *a, const uint8_t *b, size_t count, int weight, int16_t *out) {
    SP_BLEND_ROWS_BODY
}

void sp_scale_levels_avx512(const uint8_t *levels, size_t count, float scale, float *out) {
    SP_SCALE_LEVELS_BODY
}

/// A gathered word of 32 bits is a sample and its right neighbour, so that one multiply-add is the interpolation.
static inline __m512i sample(const int16_t *row, __m512i index, __m512i weights) {
    const __m512i pairs = _mm512_i32gather_epi32(index, row, 2);
    return _mm512_srai_epi32(_mm512_add_epi32(_mm512_madd_epi16(pairs, weights), _mm512_set1_epi32(1 << 15)), 16);
}

/// 16 levels of 32 bits -> 16 bytes, clamped.
static inline __m128i levels(__m512i values) {
    return _mm512_cvtusepi32_epi8(_mm512_max_epi32(values, _mm512_setzero_si512()));
}

static inline __m512i pair(int16_t low, int16_t high) {
    return _mm512_set1_epi32((int32_t)((uint32_t)(uint16_t)low | (uint32_t)(uint16_t)high << 16));
}

void sp_sample_row_avx512(
    const int16_t *y, const int16_t *u, const int16_t *v, const int32_t *luma_index, const int32_t *luma_weights,
    const int32_t *chroma_index, const int32_t *chroma_weights, size_t count, const sp_matrix *matrix, int bgr,
    uint8_t *out) {
    const __m512i red = pair(matrix->yy, matrix->rv), blue = pair(matrix->yy, matrix->bu);
    const __m512i green_yv = pair(matrix->yy, matrix->gv), green_u = pair(matrix->gu, 0);
    const __m512i offset = _mm512_set1_epi32(matrix->offset);
    for (size_t i = 0; i < count; i += 16) {
        const __m512i ci = _mm512_loadu_si512(chroma_index + i), cw = _mm512_loadu_si512(chroma_weights + i);
        const __m512i Y = sample(y, _mm512_loadu_si512(luma_index + i), _mm512_loadu_si512(luma_weights + i));
        const __m512i U = sample(u, ci, cw), V = sample(v, ci, cw);
        const __m512i YU = _mm512_mask_blend_epi16(0xaaaaaaaa, Y, _mm512_slli_epi32(U, 16));
        const __m512i YV = _mm512_mask_blend_epi16(0xaaaaaaaa, Y, _mm512_slli_epi32(V, 16));
        const __m512i rest = _mm512_add_epi32(_mm512_madd_epi16(U, green_u), offset);
        const __m128i R = levels(_mm512_srai_epi32(_mm512_add_epi32(_mm512_madd_epi16(YV, red), offset), 19));
        const __m128i G = levels(_mm512_srai_epi32(_mm512_add_epi32(_mm512_madd_epi16(YV, green_yv), rest), 19));
        const __m128i B = levels(_mm512_srai_epi32(_mm512_add_epi32(_mm512_madd_epi16(YU, blue), offset), 19));
        store_pixels(out + 3 * i, bgr ? B : R, G, bgr ? R : B, count - i);
    }
}
#pragma clang attribute pop
#endif
