#include "reduce_f32.h"

#include <math.h>

double sk_reduce_naive(sk_reduction reduction, const float *x, size_t stride, size_t count) {
    double total = reduction == sk_reduction_max ? -INFINITY : reduction == sk_reduction_min ? INFINITY : 0;
    for (size_t i = 0; i < count; i++) {
        const double value = x[i * stride];
        switch (reduction) {
        case sk_reduction_sum: total += value; break;
        case sk_reduction_square_sum: total += value * value; break;
        case sk_reduction_max: total = value != value || value > total ? value : total; break;
        case sk_reduction_min: total = value != value || value < total ? value : total; break;
        }
    }
    return total;
}
