// The loops that measure motion for any processor.
#include "motion.h"
#include "motion.inc"

static void correlate(
    const int16_t *template_levels, size_t width, size_t height, const int16_t *picture, size_t stride, size_t count,
    int32_t *out) {
    for (size_t i = 0; i < count; i++) {
        int32_t sum = 0;
        for (size_t y = 0; y < height; y++) {
            const int16_t *a = template_levels + y * width, *b = picture + y * stride + i;
            for (size_t x = 0; x < width; x++) sum += a[x] * b[x];
        }
        out[i] = sum;
    }
}

const sp_motion_loops sp_motion_portable = {average_cells, gradient_blocks, take_window, compare_window, correlate};
