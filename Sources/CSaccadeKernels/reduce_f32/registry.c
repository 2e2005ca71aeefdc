#include "reduce_f32.h"

#define SK_REDUCE_F32(kernel) extern const sk_reduce_f32_kernel kernel;
#include "kernels.inc"
#undef SK_REDUCE_F32

static const sk_reduce_f32_kernel *const kernels[] = {
#define SK_REDUCE_F32(kernel) &kernel,
#include "kernels.inc"
#undef SK_REDUCE_F32
};

const sk_reduce_f32_kernel *const *sk_reduce_f32_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}

const sk_reduce_f32_kernel *sk_reduce_f32_choose(sk_isa isa) {
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if (sk_isa_includes(isa, kernels[i]->isa)) return kernels[i];
    return &sk_reduce_f32_portable;
}
