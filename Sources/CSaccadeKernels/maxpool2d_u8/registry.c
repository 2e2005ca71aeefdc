#include "maxpool2d_u8.h"

#define SK_MAXPOOL2D_U8(kernel) extern const sk_maxpool2d_u8_kernel kernel;
#include "kernels.inc"
#undef SK_MAXPOOL2D_U8

static const sk_maxpool2d_u8_kernel *const kernels[] = {
#define SK_MAXPOOL2D_U8(kernel) &kernel,
#include "kernels.inc"
#undef SK_MAXPOOL2D_U8
};

const sk_maxpool2d_u8_kernel *const *sk_maxpool2d_u8_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}

const sk_maxpool2d_u8_kernel *sk_maxpool2d_u8_choose(sk_isa isa) {
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if (sk_isa_includes(isa, kernels[i]->isa)) return kernels[i];
    return &sk_maxpool2d_u8_portable;
}
