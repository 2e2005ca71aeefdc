#include "normalize_f32.h"

#include <math.h>

// Calls `BODY` for every element `at` of group `g` of image `n`; `c` is its channel.
#define FOR_GROUP(BODY)                                                                                               \
    for (size_t p = 0; p < pixels; p++)                                                                               \
        for (size_t c = g * size; c < (g + 1) * size; c++) {                                                          \
            const size_t at = (n * pixels + p) * channels + c;                                                        \
            BODY                                                                                                      \
        }

void sk_normalize_naive(
    const float *x, const float *scale, const float *bias, float epsilon, float *y, float *mean,
    float *inverse_deviation, size_t images, size_t pixels, size_t channels, size_t groups) {
    const size_t size = channels / groups;
    for (size_t n = 0; n < images; n++)
        for (size_t g = 0; g < groups; g++) {
            double sum = 0, squares = 0;
            FOR_GROUP(sum += x[at];)
            const double middle = sum / (double)(pixels * size);
            FOR_GROUP(squares += (x[at] - middle) * (x[at] - middle);)
            const double inverse = 1 / sqrt(squares / (double)(pixels * size) + epsilon);
            FOR_GROUP(y[at] = (float)((x[at] - middle) * inverse * (scale ? scale[c] : 1) + (bias ? bias[c] : 0));)
            mean[n * groups + g] = (float)middle;
            inverse_deviation[n * groups + g] = (float)inverse;
        }
}

void sk_normalize_gradient_naive(
    const float *dy, const float *x, const float *scale, const float *mean, const float *inverse_deviation, float *dx,
    float *dscale, float *dbias, size_t images, size_t pixels, size_t channels, size_t groups) {
    const size_t size = channels / groups;
    for (size_t n = 0; n < images; n++)
        for (size_t g = 0; g < groups; g++) {
            const double middle = mean[n * groups + g], inverse = inverse_deviation[n * groups + g];
            double sum = 0, product = 0;
            FOR_GROUP(const double slope = (double)dy[at] * (scale ? scale[c] : 1); sum += slope;
                      product += slope * (x[at] - middle) * inverse;)
            sum /= (double)(pixels * size);
            product /= (double)(pixels * size);
            FOR_GROUP(const double z = (x[at] - middle) * inverse;
                      dx[at] = (float)(inverse * ((double)dy[at] * (scale ? scale[c] : 1) - sum - z * product));)
        }
    for (size_t c = 0; c < channels; c++) {
        double sum = 0, product = 0;
        for (size_t n = 0; n < images; n++) {
            const size_t group = n * groups + c / size;
            for (size_t p = 0; p < pixels; p++) {
                const size_t at = (n * pixels + p) * channels + c;
                sum += dy[at];
                product += (double)dy[at] * ((double)x[at] - mean[group]) * inverse_deviation[group];
            }
        }
        dscale[c] = (float)product;
        dbias[c] = (float)sum;
    }
}
