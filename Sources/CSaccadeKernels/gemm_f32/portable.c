#include "../vectors/portable.h"
#include "gemm_f32.h"

SK_TARGET_BEGIN
#define TILE 6
#define KERNEL sk_gemm_f32_portable
#define KERNEL_NAME "gemm_f32_portable"
#define KERNEL_ISA sk_isa_portable
#include "generic.inc"
SK_TARGET_END
