// Blending of one colour onto rows of pixels. The compiler vectorises these loops for the baseline.
#include "include/saccade_pixels.h"

#include <string.h>

void sp_blend_value(uint8_t *row, size_t count, int value, int alpha) {
    if (alpha >= 256) {
        memset(row, value, count);
        return;
    }
    const uint16_t keep = (uint16_t)(256 - alpha), add = (uint16_t)(value * alpha + 128);
    for (size_t i = 0; i < count; i++) row[i] = (uint8_t)((uint16_t)(row[i] * keep + add) >> 8);
}

void sp_blend_coverage(uint8_t *row, const uint8_t *coverage, size_t count, int value, int alpha) {
    for (size_t i = 0; i < count; i++) {
        // Coverage 0...255 -> weight 0...256, so that full coverage is the colour itself.
        const int32_t c = coverage[i];
        const int32_t weight = ((c + (c >> 7)) * alpha + 128) >> 8;
        row[i] = (uint8_t)((row[i] * (256 - weight) + value * weight + 128) >> 8);
    }
}

void sp_halve_coverage(const uint8_t *top, const uint8_t *bottom, size_t count, uint8_t *out) {
    for (size_t i = 0; i < count; i++) {
        out[i] = (uint8_t)((top[2 * i] + top[2 * i + 1] + bottom[2 * i] + bottom[2 * i + 1] + 2) >> 2);
    }
}
