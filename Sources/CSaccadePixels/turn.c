// Rotation and reflection of planes. Exchanging x and y goes in blocks of 16 x 16 bytes that are transposed in
// registers: four rounds in which row i and row i + 8 are interleaved.
#include "include/saccade_pixels.h"

#include <string.h>

typedef uint8_t block_row __attribute__((vector_size(16)));

static inline void interleave(const block_row in[16], block_row out[16]) {
    for (int i = 0; i < 8; i++) {
        out[2 * i] = __builtin_shufflevector(in[i], in[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        out[2 * i + 1] = __builtin_shufflevector(
            in[i], in[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
}

static inline void transpose_block(
    const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride) {
    block_row a[16], b[16];
    for (int i = 0; i < 16; i++) memcpy(&a[i], source + i * source_stride, 16);
    interleave(a, b);
    interleave(b, a);
    interleave(a, b);
    interleave(b, a);
    for (int i = 0; i < 16; i++) memcpy(target + i * target_stride, &a[i], 16);
}

void sp_turn_plane(
    const uint8_t *source, ptrdiff_t source_stride, size_t width, size_t height, int flip_x, int flip_y, int transpose,
    uint8_t *target, ptrdiff_t target_stride) {
    if (!transpose) {
        for (size_t y = 0; y < height; y++) {
            const uint8_t *from = source + (ptrdiff_t)y * source_stride;
            uint8_t *to = target + (ptrdiff_t)(flip_y ? height - 1 - y : y) * target_stride;
            if (flip_x) {
                for (size_t x = 0; x < width; x++) to[width - 1 - x] = from[x];
            } else {
                memcpy(to, from, width);
            }
        }
        return;
    }
    // Flipping y is reading the source from below; flipping x is writing the target from below.
    if (flip_y) {
        source += (ptrdiff_t)(height - 1) * source_stride;
        source_stride = -source_stride;
    }
    if (flip_x) {
        target += (ptrdiff_t)(width - 1) * target_stride;
        target_stride = -target_stride;
    }
    const size_t whole_x = width & ~(size_t)15, whole_y = height & ~(size_t)15;
    for (size_t y = 0; y < whole_y; y += 16) {
        for (size_t x = 0; x < whole_x; x += 16) {
            transpose_block(
                source + (ptrdiff_t)y * source_stride + x, source_stride,
                target + (ptrdiff_t)x * target_stride + y, target_stride);
        }
    }
    for (size_t y = 0; y < height; y++) {
        for (size_t x = y < whole_y ? whole_x : 0; x < width; x++) {
            target[(ptrdiff_t)x * target_stride + (ptrdiff_t)y] = source[(ptrdiff_t)y * source_stride + (ptrdiff_t)x];
        }
    }
}
