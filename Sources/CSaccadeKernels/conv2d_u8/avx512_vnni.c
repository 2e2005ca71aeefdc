#if defined(__x86_64__)
#include "../vectors/avx512_vnni.h"
#include "conv2d_u8.h"

SK_TARGET_BEGIN
#include "../requantize/generic.inc"

#define TILE 14
#define KERNEL sk_conv2d_u8_avx512_vnni
#define KERNEL_NAME "conv2d_u8_avx512_vnni"
#define KERNEL_ISA sk_isa_avx512_vnni
#include "generic.inc"
SK_TARGET_END
#endif
