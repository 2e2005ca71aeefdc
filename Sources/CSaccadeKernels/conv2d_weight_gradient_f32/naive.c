#include "conv2d_weight_gradient_f32.h"

void sk_conv2d_weight_gradient_f32_naive(
    const sk_conv2d_shape *s, const float *input, const float *output_gradient, float *weight_gradient,
    float *bias_gradient) {
    const size_t group_in = s->in_channels / s->groups, group_out = s->out_channels / s->groups;
    for (size_t o = 0; o < s->out_channels; o++) {
        for (size_t i = 0; i < group_in; i++)
        for (size_t ky = 0; ky < s->kernel_height; ky++)
        for (size_t kx = 0; kx < s->kernel_width; kx++) {
            const size_t channel = o / group_out * group_in + i;
            double sum = 0;
            for (size_t n = 0; n < s->batch; n++)
            for (size_t oy = 0; oy < s->out_height; oy++)
            for (size_t ox = 0; ox < s->out_width; ox++) {
                const size_t y = oy * s->stride_height + ky * s->dilation_height - s->pad_top;  // wraps above the image
                const size_t x = ox * s->stride_width + kx * s->dilation_width - s->pad_left;
                if (y >= s->in_height || x >= s->in_width) continue;
                const size_t pixel = (n * s->out_height + oy) * s->out_width + ox;
                sum += (double)output_gradient[pixel * s->out_pixel_stride + o]
                    * input[((n * s->in_height + y) * s->in_width + x) * s->in_pixel_stride + channel];
            }
            weight_gradient[((o * group_in + i) * s->kernel_height + ky) * s->kernel_width + kx] = (float)sum;
        }
        if (!bias_gradient) continue;
        double sum = 0;
        for (size_t p = 0; p < s->batch * s->out_height * s->out_width; p++)
            sum += output_gradient[p * s->out_pixel_stride + o];
        bias_gradient[o] = (float)sum;
    }
}
