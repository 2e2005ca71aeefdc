#if defined(__x86_64__)
#include "../vectors/avx2.h"
#include "softmax_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#include "../vectors/special.inc"

#define KERNEL sk_softmax_f32_avx2
#define KERNEL_NAME "softmax_f32_avx2"
#define KERNEL_ISA sk_isa_avx2
#include "generic.inc"
SK_TARGET_END
#endif
