#if defined(__x86_64__)
#define SK_AVX_VNNI
#include "../vectors/avx2_integers.h"
#include "peak.h"

SK_TARGET_BEGIN
#define HIDE_X(x) __asm__("" : "+x"(x))
#define HIDE_W(w) __asm__("" : "+x"(w))
#define SUMS 12
#define KERNEL sk_peak_bytes_avx_vnni
#define KERNEL_NAME "peak_bytes_avx_vnni"
#define KERNEL_ISA sk_isa_avx_vnni
#include "bytes.inc"
SK_TARGET_END
#endif
