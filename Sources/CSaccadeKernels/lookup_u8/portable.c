#include "../vectors/portable.h"
#include "lookup_u8.h"

SK_TARGET_BEGIN
#define KERNEL sk_lookup_u8_portable
#define KERNEL_NAME "lookup_u8_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
