#if defined(__x86_64__)
#include "../vectors/avx2_integers.h"
#include "peak.h"

SK_TARGET_BEGIN
#define HIDE_X(x) __asm__("" : "+x"((x).even), "+x"((x).odd))
#define HIDE_W(w) __asm__("" : "+x"((w).even), "+x"((w).odd))
#define SUMS 8
#define KERNEL sk_peak_bytes_avx2
#define KERNEL_NAME "peak_bytes_avx2"
#define KERNEL_ISA sk_isa_avx2
#include "bytes.inc"
SK_TARGET_END
#endif
