#include "optimizer_f32.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

static float prepared(const sk_gradient_terms *terms, float g, float w) {
    g *= terms->scale;
    if (g > terms->limit) g = terms->limit;
    if (g < -terms->limit) g = -terms->limit;
    if (terms->l2 != 0) g += terms->l2 * w;
    if (terms->l1 != 0) g += w > 0 ? terms->l1 : w < 0 ? -terms->l1 : w;
    return g;
}

static void sgd(
    const sk_gradient_terms *terms, const sk_sgd_step *step, size_t count, float *w, const float *g, float *b) {
    for (size_t i = 0; i < count; i++) {
        float move = prepared(terms, g[i], w[i]);
        if (b) {
            b[i] = step->momentum * b[i] + move;
            move = step->nesterov ? move + step->momentum * b[i] : b[i];
        }
        w[i] -= step->rate * move;
    }
}

static void rms_prop(
    const sk_gradient_terms *terms, const sk_rms_prop_step *step, size_t count, float *w, const float *g, float *s,
    float *a, float *b) {
    for (size_t i = 0; i < count; i++) {
        const float gradient = prepared(terms, g[i], w[i]);
        s[i] = step->smoothing * s[i] + step->rest * gradient * gradient;
        float spread = s[i];
        if (a) {
            a[i] += step->rest * (gradient - a[i]);
            spread -= a[i] * a[i];
            if (spread < 0) spread = 0;
        }
        const float divisor = sqrtf(spread) + step->epsilon;
        if (b) {
            b[i] = step->momentum * b[i] + gradient / divisor;
            w[i] -= step->rate * b[i];
        } else {
            w[i] -= step->rate * gradient / divisor;
        }
    }
}

static void adam(
    const sk_gradient_terms *terms, const sk_adam_step *step, size_t count, float *w, const float *g, float *m,
    float *v) {
    for (size_t i = 0; i < count; i++) {
        const float gradient = prepared(terms, g[i], w[i]);
        m[i] += step->rest1 * (gradient - m[i]);
        v[i] = step->beta2 * v[i] + step->rest2 * gradient * gradient;
        const float divisor = sqrtf(v[i]) / step->root_correction + step->epsilon;
        w[i] = w[i] * step->keep - step->step_size * m[i] / divisor;
    }
}

static void approach(float share, size_t count, const float *x, float *y) {
    for (size_t i = 0; i < count; i++) y[i] += share * (x[i] - y[i]);
}

static double sum_of_squares(size_t count, const float *x) {
    double sums[16] = {0};
    for (size_t i = 0; i < count; i++) sums[i % 16] += (double)x[i] * x[i];
    for (int width = 8; width > 0; width /= 2)
        for (int i = 0; i < width; i++) sums[i] += sums[i + width];
    return sums[0];
}

const sk_optimizer_f32_kernel sk_optimizer_f32_naive = {
    .name = "optimizer_f32_naive",
    .isa = sk_isa_portable,
    .sgd = sgd,
    .rms_prop = rms_prop,
    .adam = adam,
    .approach = approach,
    .sum_of_squares = sum_of_squares,
};
