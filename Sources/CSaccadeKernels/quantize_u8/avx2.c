#if defined(__x86_64__)
#include "../vectors/avx2.h"
#include "quantize_u8.h"

SK_TARGET_BEGIN
#define KERNEL sk_quantize_u8_avx2
#define KERNEL_NAME "quantize_u8_avx2"
#define KERNEL_ISA sk_isa_avx2
#include "generic.inc"
SK_TARGET_END
#endif
