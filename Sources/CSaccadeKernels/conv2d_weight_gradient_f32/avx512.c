#if defined(__x86_64__)
#include "../vectors/avx512.h"
#include "conv2d_weight_gradient_f32.h"

SK_TARGET_BEGIN
#define TILE 14
#define KERNEL sk_conv2d_weight_gradient_f32_avx512
#define KERNEL_NAME "conv2d_weight_gradient_f32_avx512"
#define KERNEL_ISA sk_isa_avx512
#include "generic.inc"
SK_TARGET_END
#endif
