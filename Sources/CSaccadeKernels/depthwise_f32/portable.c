#include "../vectors/portable.h"
#include "depthwise_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#include "../activation/generic.inc"

#define TILE 6
#define KERNEL sk_depthwise_f32_portable
#define KERNEL_NAME "depthwise_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
