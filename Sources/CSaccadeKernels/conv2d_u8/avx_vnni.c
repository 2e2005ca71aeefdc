#if defined(__x86_64__)
#define SK_AVX_VNNI
#include "../vectors/avx2_integers.h"
#include "conv2d_u8.h"

SK_TARGET_BEGIN
#include "../requantize/generic.inc"

#define TILE 6
#define KERNEL sk_conv2d_u8_avx_vnni
#define KERNEL_NAME "conv2d_u8_avx_vnni"
#define KERNEL_ISA sk_isa_avx_vnni
#include "generic.inc"
SK_TARGET_END
#endif
