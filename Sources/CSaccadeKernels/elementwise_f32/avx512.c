#if defined(__x86_64__)
#include "../activation/activation.h"
#include "../vectors/avx512.h"
#include "elementwise_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#include "../vectors/special.inc"

#include "../activation/generic.inc"

#define KERNEL sk_elementwise_f32_avx512
#define KERNEL_NAME "elementwise_f32_avx512"
#define KERNEL_ISA sk_isa_avx512
#include "generic.inc"
SK_TARGET_END
#endif
