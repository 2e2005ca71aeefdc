#include "binary_u8.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

uint8_t sk_binary_u8_naive(const sk_binary_u8_parameters *p, uint8_t a, uint8_t b) {
    const int32_t left = (int32_t)a - p->zero_a, right = (int32_t)b - p->zero_b;
    float t;
    switch (p->function) {
    case sk_binary_u8_add: {
        const float x = (float)left * p->factor_a, y = (float)right * p->factor_b;
        t = x + y;
        break;
    }
    case sk_binary_u8_mul: t = (float)(left * right) * p->factor_a; break;
    }
    const float q = rintf(t) + (float)p->zero_y;
    return q > 255 ? 255 : q > 0 ? (uint8_t)q : 0;
}
