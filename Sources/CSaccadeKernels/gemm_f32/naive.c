#include "gemm_f32.h"

void sk_gemm_f32_naive(
    const sk_gemm_f32_shape *s, const float *a, const float *b, const float *bias, float *c) {
    for (size_t m = 0; m < s->rows; m++)
    for (size_t n = 0; n < s->columns; n++) {
        double sum = 0;
        for (size_t k = 0; k < s->depth; k++)
            sum += (double)a[m * s->a_row_stride + k * s->a_depth_stride]
                * b[k * s->b_depth_stride + n * s->b_column_stride];
        float *to = c + m * s->c_row_stride + n;
        const double before = s->beta == 0 ? 0 : (double)s->beta * *to;
        *to = (float)(s->alpha * sum + before + (bias ? bias[n] : 0));
    }
}
