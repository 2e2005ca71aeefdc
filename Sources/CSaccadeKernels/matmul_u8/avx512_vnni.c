#if defined(__x86_64__)
#include "../vectors/avx512_vnni.h"
#include "matmul_u8.h"

SK_TARGET_BEGIN
#include "../requantize/generic.inc"

#define TILE 6
#define KERNEL sk_matmul_u8_avx512_vnni
#define KERNEL_NAME "matmul_u8_avx512_vnni"
#define KERNEL_ISA sk_isa_avx512_vnni
#include "generic.inc"
SK_TARGET_END
#endif
