#if defined(__x86_64__)
#include "../vectors/avx2.h"
#include "gemm_f32.h"

SK_TARGET_BEGIN
#define TILE 6
#define KERNEL sk_gemm_f32_avx2
#define KERNEL_NAME "gemm_f32_avx2"
#define KERNEL_ISA sk_isa_avx2
#include "generic.inc"
SK_TARGET_END
#endif
