// Three registers of 16 bytes -> 48 bytes of interleaved pixels. Included after the target pragma of a variant.
#pragma once

#include <immintrin.h>
#include <string.h>

#define __ -1
static inline void store_interleaved(uint8_t *out, __m128i r, __m128i g, __m128i b) {
    const __m128i r0 = _mm_setr_epi8(0, __, __, 1, __, __, 2, __, __, 3, __, __, 4, __, __, 5);
    const __m128i g0 = _mm_setr_epi8(__, 0, __, __, 1, __, __, 2, __, __, 3, __, __, 4, __, __);
    const __m128i b0 = _mm_setr_epi8(__, __, 0, __, __, 1, __, __, 2, __, __, 3, __, __, 4, __);
    const __m128i r1 = _mm_setr_epi8(__, __, 6, __, __, 7, __, __, 8, __, __, 9, __, __, 10, __);
    const __m128i g1 = _mm_setr_epi8(5, __, __, 6, __, __, 7, __, __, 8, __, __, 9, __, __, 10);
    const __m128i b1 = _mm_setr_epi8(__, 5, __, __, 6, __, __, 7, __, __, 8, __, __, 9, __, __);
    const __m128i r2 = _mm_setr_epi8(__, 11, __, __, 12, __, __, 13, __, __, 14, __, __, 15, __, __);
    const __m128i g2 = _mm_setr_epi8(__, __, 11, __, __, 12, __, __, 13, __, __, 14, __, __, 15, __);
    const __m128i b2 = _mm_setr_epi8(10, __, __, 11, __, __, 12, __, __, 13, __, __, 14, __, __, 15);
    const __m128i first = _mm_or_si128(
        _mm_or_si128(_mm_shuffle_epi8(r, r0), _mm_shuffle_epi8(g, g0)), _mm_shuffle_epi8(b, b0));
    const __m128i second = _mm_or_si128(
        _mm_or_si128(_mm_shuffle_epi8(r, r1), _mm_shuffle_epi8(g, g1)), _mm_shuffle_epi8(b, b1));
    const __m128i third = _mm_or_si128(
        _mm_or_si128(_mm_shuffle_epi8(r, r2), _mm_shuffle_epi8(g, g2)), _mm_shuffle_epi8(b, b2));
    _mm_storeu_si128((__m128i *)out, first);
    _mm_storeu_si128((__m128i *)(out + 16), second);
    _mm_storeu_si128((__m128i *)(out + 32), third);
}
#undef __

/// Stores the first `count` (at most 16) of 16 pixels.
static inline void store_pixels(uint8_t *out, __m128i r, __m128i g, __m128i b, size_t count) {
    if (count >= 16) {
        store_interleaved(out, r, g, b);
    } else {
        uint8_t rest[48];
        store_interleaved(rest, r, g, b);
        memcpy(out, rest, 3 * count);
    }
}
