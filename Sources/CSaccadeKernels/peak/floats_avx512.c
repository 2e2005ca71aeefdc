#if defined(__x86_64__)
#include "../vectors/avx512.h"
#include "peak.h"

SK_TARGET_BEGIN
#define HIDE(x) __asm__("" : "+v"(x))
#define SUMS 16
#define KERNEL sk_peak_floats_avx512
#define KERNEL_NAME "peak_floats_avx512"
#define KERNEL_ISA sk_isa_avx512
#include "floats.inc"
SK_TARGET_END
#endif
