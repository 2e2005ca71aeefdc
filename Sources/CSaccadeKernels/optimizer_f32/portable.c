#include "../vectors/portable.h"
#include "optimizer_f32.h"

#include <string.h>

SK_TARGET_BEGIN
#define KERNEL sk_optimizer_f32_portable
#define KERNEL_NAME "optimizer_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
