#include "softmax_u8.h"

#include <math.h>

void sk_softmax_u8_table(float scale, uint32_t *exponentials) {
    for (int d = 0; d < 256; d++) exponentials[d] = (uint32_t)rint(4194304.0 * exp(-(double)scale * d));
}

void sk_softmax_u8_naive(
    const uint32_t *exponentials, float scale_y, uint8_t zero_y, const uint8_t *x, size_t x_stride, uint8_t *y,
    size_t y_stride, size_t rows, size_t length) {
    for (size_t r = 0; r < rows; r++, x += x_stride, y += y_stride) {
        uint8_t greatest = 0;
        for (size_t i = 0; i < length; i++)
            if (x[i] > greatest) greatest = x[i];
        uint64_t total = 0;
        for (size_t i = 0; i < length; i++) total += exponentials[greatest - x[i]];
        const float factor = (float)(1 / ((double)total * scale_y));
        for (size_t i = 0; i < length; i++) {
            const float q = rintf((float)exponentials[greatest - x[i]] * factor) + (float)zero_y;
            y[i] = q > 255 ? 255 : (uint8_t)q;
        }
    }
}
