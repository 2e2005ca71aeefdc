// The variants of the scaling loops, one set per instruction set. Private to the target.
#pragma once

#include "include/saccade_pixels.h"

typedef void sp_blend_rows_function(const uint8_t *, const uint8_t *, size_t, int, int16_t *);
typedef void sp_sample_row_function(
    const int16_t *, const int16_t *, const int16_t *, const int32_t *, const int32_t *, const int32_t *,
    const int32_t *, size_t, const sp_matrix *, int, uint8_t *);
typedef void sp_scale_levels_function(const uint8_t *, size_t, float, float *);

sp_blend_rows_function sp_blend_rows_portable, sp_blend_rows_avx2, sp_blend_rows_avx512;
sp_sample_row_function sp_sample_row_portable, sp_sample_row_avx2, sp_sample_row_avx512;
sp_scale_levels_function sp_scale_levels_portable, sp_scale_levels_avx2, sp_scale_levels_avx512;

// The vertical blend is simple enough for the compiler: each variant is this body, compiled for its instruction set.
// The product may pass 16 bits; the sum modulo 2^16 is right all the same.
#define SP_BLEND_ROWS_BODY                                                                             \
    const uint16_t w = (uint16_t)weight;                                                               \
    for (size_t i = 0; i < count; i++) {                                                               \
        const uint16_t difference = (uint16_t)((uint16_t)b[i] - (uint16_t)a[i]);                       \
        const uint16_t product = (uint16_t)((uint32_t)difference * w);                                 \
        out[i] = (int16_t)(uint16_t)((uint16_t)((uint16_t)a[i] << 8) + product + (uint16_t)0x8000);    \
    }                                                                                                  \
    out[count] = out[count - 1];

// And this: one rounding each, the same everywhere.
#define SP_SCALE_LEVELS_BODY \
    for (size_t i = 0; i < count; i++) out[i] = (float)levels[i] * scale;
