#if defined(__x86_64__)
#include "../vectors/avx512.h"
#include "reduce_f32.h"

SK_TARGET_BEGIN
#define KERNEL sk_reduce_f32_avx512
#define KERNEL_NAME "reduce_f32_avx512"
#define KERNEL_ISA sk_isa_avx512
#include "generic.inc"
SK_TARGET_END
#endif
