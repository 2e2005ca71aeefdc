#include "../vectors/portable.h"
#include "resample_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#define KERNEL sk_resample_f32_portable
#define KERNEL_NAME "resample_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
