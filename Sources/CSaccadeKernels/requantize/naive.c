#include "requantize.h"

#include <math.h>

static int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

static int32_t saturate16(int32_t x) { return clamp(x, INT16_MIN, INT16_MAX); }

uint8_t sk_requantize_naive(const sk_requantize *r, int32_t sum, float multiplier, const uint8_t *addend) {
    const float scaled = rintf((float)sum * multiplier);
    const int32_t t = scaled < INT16_MIN ? INT16_MIN : scaled > INT16_MAX ? INT16_MAX : (int32_t)scaled;
    int32_t v;
    if (r->kind == sk_result_curve) {
        const int32_t piece = (t >> 10) & (SK_CURVE_PIECES - 1), along = (t & 1023) << 5;
        v = saturate16(r->curve[SK_CURVE_PIECES + piece] + ((along * r->curve[piece] + (1 << 14)) >> 15));
    } else {
        v = clamp(t, r->low, r->high);
    }
    if (addend) {
        const int32_t difference = (*addend - r->addend_zero_point) * 128;
        v = saturate16(v + ((difference * r->addend_multiplier + (1 << 14)) >> 15));
    }
    if (r->kind == sk_result_linear && !addend) return (uint8_t)clamp(saturate16(v + r->zero_point), 0, 255);
    const int32_t offset = (r->zero_point << SK_FRACTION) + (1 << (SK_FRACTION - 1));
    return (uint8_t)clamp(saturate16(v + offset) >> SK_FRACTION, 0, 255);
}
