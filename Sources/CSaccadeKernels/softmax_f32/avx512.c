#if defined(__x86_64__)
#include "../vectors/avx512.h"
#include "softmax_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#include "../vectors/special.inc"

#define KERNEL sk_softmax_f32_avx512
#define KERNEL_NAME "softmax_f32_avx512"
#define KERNEL_ISA sk_isa_avx512
#include "generic.inc"
SK_TARGET_END
#endif
