#include "../vectors/portable.h"
#include "conv2d_weight_gradient_f32.h"

SK_TARGET_BEGIN
#define TILE 6
#define KERNEL sk_conv2d_weight_gradient_f32_portable
#define KERNEL_NAME "conv2d_weight_gradient_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
