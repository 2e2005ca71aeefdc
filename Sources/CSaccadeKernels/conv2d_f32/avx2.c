#if defined(__x86_64__)
#include "../vectors/avx2.h"
#include "conv2d_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#include "../activation/generic.inc"

#define TILE 6
#define KERNEL sk_conv2d_f32_avx2
#define KERNEL_NAME "conv2d_f32_avx2"
#define KERNEL_ISA sk_isa_avx2
#include "generic.inc"
SK_TARGET_END
#endif
