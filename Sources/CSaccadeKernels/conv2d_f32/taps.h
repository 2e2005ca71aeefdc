#pragma once
// Where a tile of output pixels reads its input: shared by the kernels of every instruction set.

#include "conv2d_f32.h"

/// Walks over output pixels in order without dividing.
typedef struct sk_pixel_cursor {
    size_t image, row, column;
} sk_pixel_cursor;

static inline sk_pixel_cursor sk_pixel_cursor_at(const sk_conv2d_shape *s, size_t pixel) {
    const size_t row = pixel / s->out_width;
    return (sk_pixel_cursor){row / s->out_height, row % s->out_height, pixel % s->out_width};
}

static inline void sk_pixel_cursor_skip(const sk_conv2d_shape *s, sk_pixel_cursor *cursor, size_t count) {
    cursor->column += count;
    while (cursor->column >= s->out_width) {
        cursor->column -= s->out_width;
        if (++cursor->row == s->out_height) cursor->row = 0, cursor->image++;
    }
}

/// Writes taps[tap · tile + pixel] = address of the input pixel that `tap` of `pixel` reads, `zeros` outside of the
/// image, for `count` pixels from `cursor` and the kernel's rows [row_begin, row_end); the places up to `tile` repeat
/// `zeros`.
static inline void sk_find_taps(
    const sk_conv2d_shape *s, const float *input, const float *zeros, sk_pixel_cursor cursor, size_t count,
    size_t row_begin, size_t row_end, size_t tile, const float **taps) {
    const size_t step = s->stride_width * s->in_pixel_stride;
    size_t done = 0;
    while (done < count) {
        // A run of pixels of one row.
        size_t run = s->out_width - cursor.column;
        if (run > count - done) run = count - done;
        const float *image = input + cursor.image * s->in_height * s->in_width * s->in_pixel_stride;
        const float **tap = taps + done;
        for (size_t ky = row_begin; ky < row_end; ky++) {
            const size_t y = cursor.row * s->stride_height + ky * s->dilation_height - s->pad_top;
            const bool inside = y < s->in_height;
            const float *row = image + (inside ? y : 0) * s->in_width * s->in_pixel_stride;
            for (size_t kx = 0; kx < s->kernel_width; kx++, tap += tile) {
                const size_t x = cursor.column * s->stride_width + kx * s->dilation_width - s->pad_left;
                const size_t last = x + (run - 1) * s->stride_width;
                if (inside && x < s->in_width && last < s->in_width) {
                    const float *first = row + x * s->in_pixel_stride;
                    for (size_t i = 0; i < run; i++) tap[i] = first + i * step;
                } else {
                    for (size_t i = 0; i < run; i++) {
                        const size_t column = x + i * s->stride_width;
                        tap[i] = inside && column < s->in_width ? row + column * s->in_pixel_stride : zeros;
                    }
                }
            }
        }
        done += run;
        sk_pixel_cursor_skip(s, &cursor, run);
    }
    const size_t tap_count = (row_end - row_begin) * s->kernel_width;
    for (size_t t = 0; t < tap_count; t++)
        for (size_t i = count; i < tile; i++) taps[t * tile + i] = zeros;
}
