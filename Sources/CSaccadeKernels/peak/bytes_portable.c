#include "../vectors/portable_integers.h"
#include "peak.h"

SK_TARGET_BEGIN
// In memory: the vectors have a register of another name on every processor.
#define HIDE_X(x) __asm__("" : "+m"(x))
#define HIDE_W(w) __asm__("" : "+m"((w).quad[0]))
#define SUMS 4
#define KERNEL sk_peak_bytes_portable
#define KERNEL_NAME "peak_bytes_portable"
#define KERNEL_ISA sk_isa_portable
#include "bytes.inc"
SK_TARGET_END
