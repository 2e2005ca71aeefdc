#include "../vectors/portable.h"
#include "softmax_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#include "../vectors/special.inc"

#define KERNEL sk_softmax_f32_portable
#define KERNEL_NAME "softmax_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
