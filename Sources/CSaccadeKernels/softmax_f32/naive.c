#include "softmax_f32.h"

#include <math.h>

void sk_softmax_f32_naive(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t count) {
    for (size_t r = 0; r < rows; r++, x += x_stride, y += y_stride) {
        float greatest = x[0];
        for (size_t i = 1; i < count; i++) greatest = fmaxf(greatest, x[i]);
        double sum = 0;
        for (size_t i = 0; i < count; i++) {
            y[i] = expf(x[i] - greatest);
            sum += y[i];
        }
        for (size_t i = 0; i < count; i++) y[i] = (float)(y[i] / sum);
    }
}
