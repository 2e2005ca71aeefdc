// The loops that measure motion for AVX2.
#include "motion.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "correlate.inc"
#include "motion.inc"
#pragma clang attribute pop

const sp_motion_loops sp_motion_avx2 = {average_cells, gradient_blocks, take_window, compare_window, correlate};
#endif
