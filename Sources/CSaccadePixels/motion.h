// The variants of the loops that measure motion, one set per instruction set. Private to the target.
#pragma once

#include "include/saccade_pixels.h"

typedef struct sp_motion_loops {
    void (*average_cells)(const uint8_t *, ptrdiff_t, size_t, size_t, size_t, uint16_t *, uint8_t *);
    void (*gradient_blocks)(const uint8_t *, ptrdiff_t, size_t, int32_t *, int32_t *, int32_t *, int32_t *);
    void (*take_window)(const uint8_t *, ptrdiff_t, sp_window *);
    void (*compare_window)(const uint8_t *, ptrdiff_t, int, int, const sp_window *, sp_mismatch *);
    void (*correlate)(const int16_t *, size_t, size_t, const int16_t *, size_t, size_t, int32_t *);
} sp_motion_loops;

extern const sp_motion_loops sp_motion_portable, sp_motion_avx2, sp_motion_avx512;
