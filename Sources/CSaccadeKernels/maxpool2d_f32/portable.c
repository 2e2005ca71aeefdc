#include "../vectors/portable.h"
#include "maxpool2d_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#define KERNEL sk_maxpool2d_f32_portable
#define KERNEL_NAME "maxpool2d_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
