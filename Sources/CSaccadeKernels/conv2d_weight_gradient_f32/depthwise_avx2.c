#if defined(__x86_64__)
#include "../vectors/avx2.h"
#include "conv2d_weight_gradient_f32.h"

SK_TARGET_BEGIN
#define TILE 12
#define KERNEL sk_depthwise_weight_gradient_f32_avx2
#define KERNEL_NAME "depthwise_weight_gradient_f32_avx2"
#define KERNEL_ISA sk_isa_avx2
#include "depthwise.inc"
SK_TARGET_END
#endif
