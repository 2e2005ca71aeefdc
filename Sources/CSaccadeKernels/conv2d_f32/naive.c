#include "conv2d_f32.h"

#include <math.h>

void sk_conv2d_f32_naive(
    const sk_conv2d_shape *s, const float *weights, const float *bias, const float *input, const float *addend,
    float *output, sk_activation activation) {
    const size_t group_in = s->in_channels / s->groups, group_out = s->out_channels / s->groups;
    for (size_t n = 0; n < s->batch; n++)
    for (size_t oy = 0; oy < s->out_height; oy++)
    for (size_t ox = 0; ox < s->out_width; ox++)
    for (size_t o = 0; o < s->out_channels; o++) {
        const size_t pixel = (n * s->out_height + oy) * s->out_width + ox;
        float sum = bias ? bias[o] : 0;
        for (size_t ky = 0; ky < s->kernel_height; ky++)
        for (size_t kx = 0; kx < s->kernel_width; kx++)
        for (size_t i = 0; i < group_in; i++) {
            const size_t y = oy * s->stride_height + ky * s->dilation_height - s->pad_top;  // wraps above the image
            const size_t x = ox * s->stride_width + kx * s->dilation_width - s->pad_left;
            const size_t channel = o / group_out * group_in + i;
            const float value = y < s->in_height && x < s->in_width
                ? input[((n * s->in_height + y) * s->in_width + x) * s->in_pixel_stride + channel] : 0;
            sum = fmaf(value, weights[((o * group_in + i) * s->kernel_height + ky) * s->kernel_width + kx], sum);
        }
        sum = sk_activation_naive(activation, sum);
        output[pixel * s->out_pixel_stride + o] = addend ? sum + addend[pixel * s->addend_pixel_stride + o] : sum;
    }
}
