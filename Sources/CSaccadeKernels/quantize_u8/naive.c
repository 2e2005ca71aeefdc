#include "quantize_u8.h"

#include <math.h>

uint8_t sk_quantize_u8_naive(float scale, uint8_t zero_point, float x) {
    const float q = rintf(x / scale) + (float)zero_point;
    return q > 255 ? 255 : q > 0 ? (uint8_t)q : 0;
}

float sk_dequantize_u8_naive(float scale, uint8_t zero_point, uint8_t x) {
    return (float)((int32_t)x - (int32_t)zero_point) * scale;
}
