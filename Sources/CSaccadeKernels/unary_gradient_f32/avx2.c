#if defined(__x86_64__)
#include "../elementwise_f32/elementwise_f32.h"
#include "../vectors/avx2.h"
#include "unary_gradient_f32.h"

SK_TARGET_BEGIN
#include "../vectors/math.inc"

#include "../vectors/special.inc"

#define KERNEL sk_unary_gradient_f32_avx2
#define KERNEL_NAME "unary_gradient_f32_avx2"
#define KERNEL_ISA sk_isa_avx2
#include "generic.inc"
SK_TARGET_END
#endif
