#if defined(__x86_64__)
#include "../vectors/avx512.h"
#include "conv2d_weight_gradient_f32.h"

SK_TARGET_BEGIN
#define TILE 14
#define KERNEL sk_depthwise_weight_gradient_f32_avx512
#define KERNEL_NAME "depthwise_weight_gradient_f32_avx512"
#define KERNEL_ISA sk_isa_avx512
#include "depthwise.inc"
SK_TARGET_END
#endif
