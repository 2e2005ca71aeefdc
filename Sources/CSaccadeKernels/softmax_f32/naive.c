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

void sk_log_softmax_naive(const float *x, float *y, size_t count) {
    double greatest = x[0], sum = 0;
    for (size_t i = 1; i < count; i++) greatest = fmax(greatest, x[i]);
    for (size_t i = 0; i < count; i++) sum += exp(x[i] - greatest);
    for (size_t i = 0; i < count; i++) y[i] = (float)(x[i] - greatest - log(sum));
}

void sk_softmax_gradient_naive(const float *dy, const float *y, float *dx, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)dy[i] * y[i];
    for (size_t i = 0; i < count; i++) dx[i] = (float)(y[i] * (dy[i] - sum));
}

void sk_log_softmax_gradient_naive(const float *dy, const float *y, float *dx, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += dy[i];
    for (size_t i = 0; i < count; i++) dx[i] = (float)(dy[i] - exp(y[i]) * sum);
}
