#include "lookup_u8.h"

void sk_lookup_u8_naive(
    const uint8_t *table, const uint8_t *x, size_t x_stride, uint8_t *y, size_t y_stride, size_t rows, size_t length) {
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < length; i++) y[r * y_stride + i] = table[x[r * x_stride + i]];
}
