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

void sp_unite_coverage(uint8_t *coverage, const uint8_t *source, size_t count) {
    for (size_t i = 0; i < count; i++) coverage[i] = source[i] > coverage[i] ? source[i] : coverage[i];
}

void sp_unite_line(uint8_t *coverage, size_t count, float left, float center_y, const sp_line *line) {
#pragma STDC FP_CONTRACT OFF
    const float squared_length = line->dx * line->dx + line->dy * line->dy;
    const float inverse = squared_length > 0 ? 1 / squared_length : 0;
    const float py = center_y - line->y, along_y = py * line->dy;
    const float x = left + 0.5f - line->x, dx = line->dx, dy = line->dy, reach = line->radius + 0.5f;
    const float full = line->full;
    for (size_t i = 0; i < count; i++) {
        // The nearest point of the line, and the distance to it.
        const float px = x + (float)(int32_t)i;
        float t = (px * dx + along_y) * inverse;
        t = t < 0 ? 0 : t;
        t = t > 1 ? 1 : t;
        const float ex = px - t * dx, ey = py - t * dy;
        float covered = reach - __builtin_sqrtf(ex * ex + ey * ey);
        covered = covered < 0 ? 0 : covered;
        covered = covered > 1 ? 1 : covered;
        const uint8_t level = (uint8_t)(int32_t)(covered * full);
        coverage[i] = level > coverage[i] ? level : coverage[i];
    }
}

void sp_write_ramp(uint8_t *row, size_t count, int32_t first, int32_t step) {
    for (size_t i = 0; i < count; i++) row[i] = (uint8_t)((first + (int32_t)i * step + 32768) >> 16);
}
