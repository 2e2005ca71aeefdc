#include "../vectors/portable.h"
#include "conv2d_weight_gradient_f32.h"

SK_TARGET_BEGIN
#define TILE 12
#define KERNEL sk_depthwise_weight_gradient_f32_portable
#define KERNEL_NAME "depthwise_weight_gradient_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "depthwise.inc"
SK_TARGET_END
