#include "matmul_u8.h"

void sk_matmul_u8_naive(
    const sk_matmul_u8_shape *s, const uint8_t *a, const uint8_t *b, float multiplier, const sk_requantize *requantize,
    void *c) {
    for (size_t m = 0; m < s->rows; m++)
    for (size_t n = 0; n < s->columns; n++) {
        int32_t sum = 0;
        for (size_t k = 0; k < s->depth; k++) {
            const int32_t left = a[m * s->a_row_stride + k * s->a_depth_stride];
            const int32_t right = b[k * s->b_depth_stride + n * s->b_column_stride];
            sum += (left - s->zero_a) * (right - s->zero_b);
        }
        const size_t at = m * s->c_row_stride + n;
        if (requantize->kind == sk_result_f32) ((float *)c)[at] = (float)sum * multiplier;
        else ((uint8_t *)c)[at] = sk_requantize_naive(requantize, sum, multiplier, NULL);
    }
}
