#if defined(__x86_64__)
#include "../vectors/avx512_vnni.h"
#include "depthwise_u8.h"

SK_TARGET_BEGIN
#include "../requantize/generic.inc"

#define TILE 2
#define KERNEL sk_depthwise_u8_avx512_vnni
#define KERNEL_NAME "depthwise_u8_avx512_vnni"
#define KERNEL_ISA sk_isa_avx512_vnni
#include "generic.inc"
SK_TARGET_END
#endif
