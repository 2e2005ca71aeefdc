#include "../vectors/portable.h"
#include "binary_u8.h"

SK_TARGET_BEGIN
#define KERNEL sk_binary_u8_portable
#define KERNEL_NAME "binary_u8_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
