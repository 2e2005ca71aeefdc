#include "../vectors/portable_integers.h"
#include "matmul_u8.h"

SK_TARGET_BEGIN
#include "../requantize/generic.inc"

#define TILE 1
#define KERNEL sk_matmul_u8_portable
#define KERNEL_NAME "matmul_u8_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
