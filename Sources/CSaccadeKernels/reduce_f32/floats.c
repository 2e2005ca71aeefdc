#include "reduce_f32.h"

// Totals pass through a block on the stack on their way to floats.
#define BLOCK 128

static void store(const double *totals, double scale, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = (float)(totals[i] * scale);
}

void sk_reduce_rows_to_floats(
    const sk_reduce_f32_kernel *kernel, sk_reduction reduction, const float *x, size_t stride, double scale, float *y,
    size_t rows, size_t count) {
    double totals[BLOCK];
    for (size_t r = 0; r < rows; r += BLOCK) {
        const size_t some = rows - r < BLOCK ? rows - r : BLOCK;
        kernel->rows(reduction, x + r * stride, stride, totals, some, count);
        store(totals, scale, y + r, some);
    }
}

void sk_reduce_columns_to_floats(
    const sk_reduce_f32_kernel *kernel, sk_reduction reduction, const float *x, size_t stride, double scale, float *y,
    size_t columns, size_t count) {
    double totals[BLOCK];
    for (size_t c = 0; c < columns; c += BLOCK) {
        const size_t some = columns - c < BLOCK ? columns - c : BLOCK;
        kernel->columns(reduction, x + c, stride, totals, some, count);
        store(totals, scale, y + c, some);
    }
}
