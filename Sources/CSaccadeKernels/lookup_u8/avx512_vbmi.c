#if defined(__x86_64__)
#include "../vectors/avx512_vbmi.h"
#include "lookup_u8.h"

SK_TARGET_BEGIN
#define KERNEL sk_lookup_u8_avx512_vbmi
#define KERNEL_NAME "lookup_u8_avx512_vbmi"
#define KERNEL_ISA sk_isa_avx512_vnni
#include "generic.inc"
SK_TARGET_END
#endif
