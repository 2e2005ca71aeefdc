#include "../vectors/portable_integers.h"
#include "conv2d_u8.h"

SK_TARGET_BEGIN
#include "../requantize/generic.inc"

#define TILE 3
#define KERNEL sk_conv2d_u8_portable
#define KERNEL_NAME "conv2d_u8_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
