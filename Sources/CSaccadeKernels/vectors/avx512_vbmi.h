#pragma once
// The vectors of avx512.h with byte permutations over whole vectors (AVX-512 VBMI).

#define SK_AVX512_VBMI
#include "avx512.h"
