#if defined(__x86_64__)
#include "../vectors/avx2_integers.h"
#include "conv2d_u8.h"

SK_TARGET_BEGIN
#include "../requantize/generic.inc"

#define TILE 3
#define KERNEL sk_conv2d_u8_avx2
#define KERNEL_NAME "conv2d_u8_avx2"
#define KERNEL_ISA sk_isa_avx2
#include "generic.inc"
SK_TARGET_END
#endif
