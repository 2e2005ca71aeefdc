#if defined(__x86_64__)
#include "../vectors/avx2.h"
#include "normalize_f32.h"

SK_TARGET_BEGIN
#define KERNEL sk_normalize_f32_avx2
#define KERNEL_NAME "normalize_f32_avx2"
#define KERNEL_ISA sk_isa_avx2
#include "generic.inc"
SK_TARGET_END
#endif
