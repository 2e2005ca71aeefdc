#include "../vectors/portable.h"
#include "softmax_u8.h"

SK_TARGET_BEGIN
#define KERNEL sk_softmax_u8_portable
#define KERNEL_NAME "softmax_u8_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
