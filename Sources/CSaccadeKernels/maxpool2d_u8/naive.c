#include "maxpool2d_u8.h"

void sk_maxpool2d_u8_naive(const sk_pool2d_shape *s, const uint8_t *input, uint8_t *output) {
    for (size_t n = 0; n < s->batch; n++)
    for (size_t oy = 0; oy < s->out_height; oy++)
    for (size_t ox = 0; ox < s->out_width; ox++)
    for (size_t c = 0; c < s->channels; c++) {
        uint8_t greatest = 0;
        for (size_t ky = 0; ky < s->kernel_height; ky++)
        for (size_t kx = 0; kx < s->kernel_width; kx++) {
            const size_t y = oy * s->stride_height + ky * s->dilation_height - s->pad_top;  // wraps above the image
            const size_t x = ox * s->stride_width + kx * s->dilation_width - s->pad_left;
            if (y >= s->in_height || x >= s->in_width) continue;
            const uint8_t value = input[((n * s->in_height + y) * s->in_width + x) * s->in_pixel_stride + c];
            if (value > greatest) greatest = value;
        }
        output[((n * s->out_height + oy) * s->out_width + ox) * s->out_pixel_stride + c] = greatest;
    }
}
