#include "lookup_u8.h"

#define SK_LOOKUP_U8(kernel) extern const sk_lookup_u8_kernel kernel;
#include "kernels.inc"
#undef SK_LOOKUP_U8

static const sk_lookup_u8_kernel *const kernels[] = {
#define SK_LOOKUP_U8(kernel) &kernel,
#include "kernels.inc"
#undef SK_LOOKUP_U8
};

const sk_lookup_u8_kernel *const *sk_lookup_u8_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}

const sk_lookup_u8_kernel *sk_lookup_u8_choose(sk_isa isa) {
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if (sk_isa_includes(isa, kernels[i]->isa)) return kernels[i];
    return &sk_lookup_u8_portable;
}
