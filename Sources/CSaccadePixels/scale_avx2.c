// The scaling loops for AVX2: 8 places per gather, 16 pixels per store.
#include "scale.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "interleave.h"

void sp_blend_rows_avx2(const uint8_t *a, const uint8_t *b, size_t count, int weight, int16_t *out) {
    SP_BLEND_ROWS_BODY
}

void sp_scale_levels_avx2(const uint8_t *levels, size_t count, float scale, float *out) {
    SP_SCALE_LEVELS_BODY
}

/// A gathered word of 32 bits is a sample and its right neighbour, so that one multiply-add is the interpolation.
static inline __m256i sample(const int16_t *row, __m256i index, __m256i weights) {
    const __m256i pairs = _mm256_i32gather_epi32((const int *)row, index, 2);
    return _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(pairs, weights), _mm256_set1_epi32(1 << 15)), 16);
}

/// 2 x 8 levels of 32 bits -> 16 bytes, clamped.
static inline __m128i levels(__m256i first, __m256i second) {
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xd8);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

static inline __m256i pair(int16_t low, int16_t high) {
    return _mm256_set1_epi32((int32_t)((uint32_t)(uint16_t)low | (uint32_t)(uint16_t)high << 16));
}

void sp_sample_row_avx2(
    const int16_t *y, const int16_t *u, const int16_t *v, const int32_t *luma_index, const int32_t *luma_weights,
    const int32_t *chroma_index, const int32_t *chroma_weights, size_t count, const sp_matrix *matrix, int bgr,
    uint8_t *out) {
    const __m256i red = pair(matrix->yy, matrix->rv), blue = pair(matrix->yy, matrix->bu);
    const __m256i green_yv = pair(matrix->yy, matrix->gv), green_u = pair(matrix->gu, 0);
    const __m256i offset = _mm256_set1_epi32(matrix->offset);
    for (size_t i = 0; i < count; i += 16) {
        __m256i r[2], g[2], b[2];
        for (int half = 0; half < 2; half++) {
            const size_t at = i + 8 * (size_t)half;
            const __m256i ci = _mm256_loadu_si256((const __m256i *)(chroma_index + at));
            const __m256i cw = _mm256_loadu_si256((const __m256i *)(chroma_weights + at));
            const __m256i Y = sample(
                y, _mm256_loadu_si256((const __m256i *)(luma_index + at)),
                _mm256_loadu_si256((const __m256i *)(luma_weights + at)));
            const __m256i U = sample(u, ci, cw), V = sample(v, ci, cw);
            const __m256i YU = _mm256_blend_epi16(Y, _mm256_slli_epi32(U, 16), 0xaa);
            const __m256i YV = _mm256_blend_epi16(Y, _mm256_slli_epi32(V, 16), 0xaa);
            const __m256i rest = _mm256_add_epi32(_mm256_madd_epi16(U, green_u), offset);
            r[half] = _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(YV, red), offset), 19);
            g[half] = _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(YV, green_yv), rest), 19);
            b[half] = _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(YU, blue), offset), 19);
        }
        const __m128i R = levels(r[0], r[1]), G = levels(g[0], g[1]), B = levels(b[0], b[1]);
        store_pixels(out + 3 * i, bgr ? B : R, G, bgr ? R : B, count - i);
    }
}
#pragma clang attribute pop
#endif
