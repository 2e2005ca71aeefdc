#if defined(__x86_64__)
#include "../vectors/avx512.h"
#include "optimizer_f32.h"

#include <string.h>

SK_TARGET_BEGIN
#define KERNEL sk_optimizer_f32_avx512
#define KERNEL_NAME "optimizer_f32_avx512"
#define KERNEL_ISA sk_isa_avx512
#include "generic.inc"
SK_TARGET_END
#endif
