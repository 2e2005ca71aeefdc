#include "../vectors/portable.h"
#include "peak.h"

SK_TARGET_BEGIN
#if defined(__x86_64__)
#define HIDE(x) __asm__("" : "+x"(x))
#elif defined(__aarch64__)
#define HIDE(x) __asm__("" : "+w"(x))
#else
#define HIDE(x) __asm__("" : "+m"(x))
#endif
#define SUMS 12
#define KERNEL sk_peak_floats_portable
#define KERNEL_NAME "peak_floats_portable"
#define KERNEL_ISA sk_isa_portable
#include "floats.inc"
SK_TARGET_END
