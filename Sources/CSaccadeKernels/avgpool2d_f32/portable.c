#include "../vectors/portable.h"
#include "avgpool2d_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#define KERNEL sk_avgpool2d_f32_portable
#define KERNEL_NAME "avgpool2d_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
