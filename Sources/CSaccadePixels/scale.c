// Choice of the scaling loops at run time, and their portable variants.
#include "scale.h"

int sp_isa_best(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
        return SP_ISA_AVX512;
    }
    if (__builtin_cpu_supports("avx2")) return SP_ISA_AVX2;
#endif
    return SP_ISA_PORTABLE;
}

#if defined(__x86_64__)
static sp_blend_rows_function *const blend_rows[] = {sp_blend_rows_portable, sp_blend_rows_avx2, sp_blend_rows_avx512};
static sp_sample_row_function *const sample_row[] = {sp_sample_row_portable, sp_sample_row_avx2, sp_sample_row_avx512};
static sp_scale_levels_function *const scale_levels[] = {
    sp_scale_levels_portable, sp_scale_levels_avx2, sp_scale_levels_avx512};
#else
static sp_blend_rows_function *const blend_rows[] = {
    sp_blend_rows_portable, sp_blend_rows_portable, sp_blend_rows_portable};
static sp_sample_row_function *const sample_row[] = {
    sp_sample_row_portable, sp_sample_row_portable, sp_sample_row_portable};
static sp_scale_levels_function *const scale_levels[] = {
    sp_scale_levels_portable, sp_scale_levels_portable, sp_scale_levels_portable};
#endif

void sp_blend_rows(int isa, const uint8_t *a, const uint8_t *b, size_t count, int weight, int16_t *out) {
    blend_rows[isa](a, b, count, weight, out);
}

void sp_sample_row(
    int isa, const int16_t *y, const int16_t *u, const int16_t *v, const int32_t *luma_index,
    const int32_t *luma_weights, const int32_t *chroma_index, const int32_t *chroma_weights, size_t count,
    const sp_matrix *matrix, int bgr, uint8_t *out) {
    sample_row[isa](
        y, u, v, luma_index, luma_weights, chroma_index, chroma_weights, count, matrix, bgr, out);
}

void sp_blend_rows_portable(const uint8_t *a, const uint8_t *b, size_t count, int weight, int16_t *out) {
    SP_BLEND_ROWS_BODY
}

void sp_scale_levels(int isa, const uint8_t *levels, size_t count, float scale, float *out) {
    scale_levels[isa](levels, count, scale, out);
}

void sp_scale_levels_portable(const uint8_t *levels, size_t count, float scale, float *out) {
    SP_SCALE_LEVELS_BODY
}

/// The sample between two neighbours, centred on zero, in 1/64 of a level.
static inline int32_t sample(const int16_t *row, int32_t index, int32_t weights) {
    const int32_t low = (int16_t)(weights & 0xffff), high = weights >> 16;
    return (row[index] * low + row[index + 1] * high + (1 << 15)) >> 16;
}

static inline uint8_t level(int32_t value) {
    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

void sp_sample_row_portable(
    const int16_t *y, const int16_t *u, const int16_t *v, const int32_t *luma_index, const int32_t *luma_weights,
    const int32_t *chroma_index, const int32_t *chroma_weights, size_t count, const sp_matrix *matrix, int bgr,
    uint8_t *out) {
    const int red = bgr ? 2 : 0, blue = bgr ? 0 : 2;
    for (size_t i = 0; i < count; i++) {
        const int32_t Y = sample(y, luma_index[i], luma_weights[i]);
        const int32_t U = sample(u, chroma_index[i], chroma_weights[i]);
        const int32_t V = sample(v, chroma_index[i], chroma_weights[i]);
        const int32_t base = matrix->yy * Y + matrix->offset;
        out[3 * i + red] = level((base + matrix->rv * V) >> 19);
        out[3 * i + 1] = level((base + matrix->gu * U + matrix->gv * V) >> 19);
        out[3 * i + blue] = level((base + matrix->bu * U) >> 19);
    }
}
