#include "../vectors/portable.h"
#include "normalize_f32.h"

SK_TARGET_BEGIN
#define KERNEL sk_normalize_f32_portable
#define KERNEL_NAME "normalize_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
