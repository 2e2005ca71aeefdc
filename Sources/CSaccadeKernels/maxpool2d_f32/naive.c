#include "maxpool2d_f32.h"

#include <math.h>
#include <stdint.h>

void sk_maxpool2d_f32_naive(const sk_pool2d_shape *s, const float *input, float *output) {
    for (size_t n = 0; n < s->batch; n++)
    for (size_t oy = 0; oy < s->out_height; oy++)
    for (size_t ox = 0; ox < s->out_width; ox++)
    for (size_t c = 0; c < s->channels; c++) {
        float greatest = -INFINITY;
        for (size_t ky = 0; ky < s->kernel_height; ky++)
        for (size_t kx = 0; kx < s->kernel_width; kx++) {
            const size_t y = oy * s->stride_height + ky * s->dilation_height - s->pad_top;  // wraps above the image
            const size_t x = ox * s->stride_width + kx * s->dilation_width - s->pad_left;
            if (y >= s->in_height || x >= s->in_width) continue;
            greatest = fmaxf(greatest, input[((n * s->in_height + y) * s->in_width + x) * s->in_pixel_stride + c]);
        }
        output[((n * s->out_height + oy) * s->out_width + ox) * s->out_pixel_stride + c] = greatest;
    }
}

void sk_maxpool2d_f32_gradient_naive(
    const sk_pool2d_shape *s, const float *input, const float *dy, float *dx, size_t result_pixel_stride) {
    for (size_t pixel = 0; pixel < s->batch * s->in_height * s->in_width; pixel++)
    for (size_t c = 0; c < s->channels; c++) dx[pixel * result_pixel_stride + c] = 0;
    for (size_t n = 0; n < s->batch; n++)
    for (size_t oy = 0; oy < s->out_height; oy++)
    for (size_t ox = 0; ox < s->out_width; ox++)
    for (size_t c = 0; c < s->channels; c++) {
        float greatest = -INFINITY;
        size_t winner = SIZE_MAX;
        for (size_t ky = 0; ky < s->kernel_height; ky++)
        for (size_t kx = 0; kx < s->kernel_width; kx++) {
            const size_t y = oy * s->stride_height + ky * s->dilation_height - s->pad_top;  // wraps above the image
            const size_t x = ox * s->stride_width + kx * s->dilation_width - s->pad_left;
            if (y >= s->in_height || x >= s->in_width) continue;
            const size_t pixel = (n * s->in_height + y) * s->in_width + x;
            const float v = input[pixel * s->in_pixel_stride + c];
            if (winner == SIZE_MAX || v > greatest || v != v) {
                greatest = v;
                winner = pixel;
            }
        }
        if (winner != SIZE_MAX)
            dx[winner * result_pixel_stride + c] +=
                dy[((n * s->out_height + oy) * s->out_width + ox) * s->out_pixel_stride + c];
    }
}
