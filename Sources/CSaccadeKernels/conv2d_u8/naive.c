#include "conv2d_u8.h"

void sk_conv2d_u8_naive(
    const sk_conv2d_shape *s, const sk_conv2d_u8_weights *weights, const uint8_t *input, uint8_t input_zero_point,
    const uint8_t *addend, void *output, const sk_requantize *r) {
    const size_t group_in = s->in_channels / s->groups, group_out = s->out_channels / s->groups;
    for (size_t n = 0; n < s->batch; n++)
    for (size_t oy = 0; oy < s->out_height; oy++)
    for (size_t ox = 0; ox < s->out_width; ox++)
    for (size_t o = 0; o < s->out_channels; o++) {
        const size_t pixel = (n * s->out_height + oy) * s->out_width + ox;
        int32_t sum = weights->bias ? weights->bias[o] : 0;
        for (size_t ky = 0; ky < s->kernel_height; ky++)
        for (size_t kx = 0; kx < s->kernel_width; kx++)
        for (size_t i = 0; i < group_in; i++) {
            const size_t y = oy * s->stride_height + ky * s->dilation_height - s->pad_top;  // wraps above the image
            const size_t x = ox * s->stride_width + kx * s->dilation_width - s->pad_left;
            if (y >= s->in_height || x >= s->in_width) continue;
            const size_t channel = o / group_out * group_in + i;
            const int32_t value = input[((n * s->in_height + y) * s->in_width + x) * s->in_pixel_stride + channel];
            const size_t tap = ((o * group_in + i) * s->kernel_height + ky) * s->kernel_width + kx;
            sum += (value - input_zero_point) * weights->values[tap];
        }
        const size_t place = pixel * s->out_pixel_stride + o;
        if (r->kind == sk_result_f32)
            ((float *)output)[place] = (float)sum * weights->multipliers[o];
        else
            ((uint8_t *)output)[place] = sk_requantize_naive(
                r, sum, weights->multipliers[o], addend ? addend + pixel * s->addend_pixel_stride + o : NULL);
    }
}
