#if defined(__x86_64__)
#include "../vectors/avx2.h"
#include "conv2d_weight_gradient_f32.h"

SK_TARGET_BEGIN
#define TILE 6
#define KERNEL sk_conv2d_weight_gradient_f32_avx2
#define KERNEL_NAME "conv2d_weight_gradient_f32_avx2"
#define KERNEL_ISA sk_isa_avx2
#include "generic.inc"
SK_TARGET_END
#endif
