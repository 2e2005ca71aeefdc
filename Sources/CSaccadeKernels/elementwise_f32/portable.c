#include "../activation/activation.h"
#include "../vectors/portable.h"
#include "elementwise_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#include "../vectors/special.inc"

#include "../activation/generic.inc"

#define KERNEL sk_elementwise_f32_portable
#define KERNEL_NAME "elementwise_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
