#include "peak.h"

#define SK_PEAK(kernel) extern const sk_peak_kernel kernel;
#include "kernels.inc"
#undef SK_PEAK

static const sk_peak_kernel *const kernels[] = {
#define SK_PEAK(kernel) &kernel,
#include "kernels.inc"
#undef SK_PEAK
};

const sk_peak_kernel *const *sk_peak_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}

const sk_peak_kernel *sk_peak_choose(sk_peak_kind kind, sk_isa isa) {
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if (kernels[i]->kind == kind && sk_isa_includes(isa, kernels[i]->isa)) return kernels[i];
    return kind == sk_peak_bytes ? &sk_peak_bytes_portable : &sk_peak_floats_portable;
}
