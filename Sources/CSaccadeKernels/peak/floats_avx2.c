#if defined(__x86_64__)
#include "../vectors/avx2.h"
#include "peak.h"

SK_TARGET_BEGIN
#define HIDE(x) __asm__("" : "+x"(x))
#define SUMS 12
#define KERNEL sk_peak_floats_avx2
#define KERNEL_NAME "peak_floats_avx2"
#define KERNEL_ISA sk_isa_avx2
#include "floats.inc"
SK_TARGET_END
#endif
