#include "conv2d_weight_gradient_f32.h"

#define SK_CONV2D_WEIGHT_GRADIENT_F32(kernel) extern const sk_conv2d_weight_gradient_f32_kernel kernel;
#include "kernels.inc"
#undef SK_CONV2D_WEIGHT_GRADIENT_F32

static const sk_conv2d_weight_gradient_f32_kernel *const kernels[] = {
#define SK_CONV2D_WEIGHT_GRADIENT_F32(kernel) &kernel,
#include "kernels.inc"
#undef SK_CONV2D_WEIGHT_GRADIENT_F32
};

const sk_conv2d_weight_gradient_f32_kernel *const *sk_conv2d_weight_gradient_f32_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}

const sk_conv2d_weight_gradient_f32_kernel *sk_conv2d_weight_gradient_f32_choose(
    const sk_conv2d_shape *shape, sk_isa isa) {
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if (sk_isa_includes(isa, kernels[i]->isa) && kernels[i]->supports(shape)) return kernels[i];
    return NULL;
}
