#include "../vectors/portable.h"
#include "maxpool2d_u8.h"

SK_TARGET_BEGIN
#define KERNEL sk_maxpool2d_u8_portable
#define KERNEL_NAME "maxpool2d_u8_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
