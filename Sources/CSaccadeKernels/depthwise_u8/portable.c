#include "../vectors/portable_integers.h"
#include "depthwise_u8.h"

SK_TARGET_BEGIN
#include "../requantize/generic.inc"

#define TILE 1
#define KERNEL sk_depthwise_u8_portable
#define KERNEL_NAME "depthwise_u8_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
