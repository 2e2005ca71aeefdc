#include "isa.h"

const char *sk_isa_name(sk_isa isa) {
    switch (isa) {
    case sk_isa_portable: return "portable";
    case sk_isa_avx2: return "avx2";
    case sk_isa_avx_vnni: return "avx-vnni";
    case sk_isa_avx512: return "avx512";
    case sk_isa_avx512_vnni: return "avx512-vnni";
    }
    return "unknown";
}

bool sk_isa_includes(sk_isa isa, sk_isa other) {
    switch (other) {
    case sk_isa_portable: return true;
    case sk_isa_avx2: return isa != sk_isa_portable;
    case sk_isa_avx_vnni: return isa == sk_isa_avx_vnni;
    case sk_isa_avx512: return isa == sk_isa_avx512 || isa == sk_isa_avx512_vnni;
    case sk_isa_avx512_vnni: return isa == sk_isa_avx512_vnni;
    }
    return false;
}

#if defined(__x86_64__)
#include <cpuid.h>

/// Leaf 7.1, EAX bit 4. The registers are those of AVX2, which is checked beside it.
static bool has_avx_vnni(void) {
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 4) != 0;
}
#endif

bool sk_isa_is_supported(sk_isa isa) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    switch (isa) {
    case sk_isa_portable: return true;
    case sk_isa_avx2: return avx2;
    case sk_isa_avx_vnni: return avx2 && has_avx_vnni();
    case sk_isa_avx512: return avx512;
    case sk_isa_avx512_vnni:
        return avx512 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi");
    }
    return false;
#else
    return isa == sk_isa_portable;
#endif
}
