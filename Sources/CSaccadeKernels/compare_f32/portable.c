#include "../vectors/portable.h"
#include "compare_f32.h"

SK_TARGET_BEGIN
#define KERNEL sk_compare_f32_portable
#define KERNEL_NAME "compare_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
