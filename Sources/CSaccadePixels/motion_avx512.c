// The loops that measure motion for AVX-512.
#include "motion.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl"))), apply_to = function)
#include "correlate.inc"
#include "motion.inc"
#pragma clang attribute pop

const sp_motion_loops sp_motion_avx512 = {average_cells, gradient_blocks, take_window, compare_window, correlate};
#endif
