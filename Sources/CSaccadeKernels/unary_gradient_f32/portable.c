#include "../elementwise_f32/elementwise_f32.h"
#include "../vectors/portable.h"
#include "unary_gradient_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#include "../vectors/special.inc"

#define KERNEL sk_unary_gradient_f32_portable
#define KERNEL_NAME "unary_gradient_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
