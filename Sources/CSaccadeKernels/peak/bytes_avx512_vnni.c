#if defined(__x86_64__)
#include "../vectors/avx512_vnni.h"
#include "peak.h"

SK_TARGET_BEGIN
#define HIDE_X(x) __asm__("" : "+v"(x))
#define HIDE_W(w) __asm__("" : "+v"(w))
#define SUMS 16
#define KERNEL sk_peak_bytes_avx512_vnni
#define KERNEL_NAME "peak_bytes_avx512_vnni"
#define KERNEL_ISA sk_isa_avx512_vnni
#include "bytes.inc"
SK_TARGET_END
#endif
