#include "isa.h"

const char *sk_isa_name(sk_isa isa) {
    switch (isa) {
    case sk_isa_portable: return "portable";
    case sk_isa_avx2: return "avx2";
    case sk_isa_avx512: return "avx512";
    }
    return "unknown";
}

bool sk_isa_is_supported(sk_isa isa) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    switch (isa) {
    case sk_isa_portable: return true;
    case sk_isa_avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case sk_isa_avx512:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx512f")
            && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512vl");
    }
    return false;
#else
    return isa == sk_isa_portable;
#endif
}

bool sk_isa_has_vbmi(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return sk_isa_is_supported(sk_isa_avx512) && __builtin_cpu_supports("avx512vbmi");
#else
    return false;
#endif
}
