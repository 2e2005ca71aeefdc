// Choice of the loops that measure motion at run time.
#include "motion.h"

#if defined(__x86_64__)
static const sp_motion_loops *const loops[] = {&sp_motion_portable, &sp_motion_avx2, &sp_motion_avx512};
#else
static const sp_motion_loops *const loops[] = {&sp_motion_portable, &sp_motion_portable, &sp_motion_portable};
#endif

void sp_average_cells(
    int isa, const uint8_t *source, ptrdiff_t stride, size_t cell_width, size_t cell_height, size_t count,
    uint16_t *sums, uint8_t *out) {
    loops[isa]->average_cells(source, stride, cell_width, cell_height, count, sums, out);
}

void sp_gradient_blocks(
    int isa, const uint8_t *source, ptrdiff_t stride, size_t count, int32_t *sums, int32_t *xx, int32_t *xy,
    int32_t *yy) {
    loops[isa]->gradient_blocks(source, stride, count, sums, xx, xy, yy);
}

void sp_take_window(int isa, const uint8_t *at, ptrdiff_t stride, sp_window *window) {
    loops[isa]->take_window(at, stride, window);
}

void sp_compare_window(
    int isa, const uint8_t *at, ptrdiff_t stride, int weight_x, int weight_y, const sp_window *window,
    sp_mismatch *mismatch) {
    loops[isa]->compare_window(at, stride, weight_x, weight_y, window, mismatch);
}

void sp_correlate(
    int isa, const int16_t *template_levels, size_t width, size_t height, const int16_t *picture, size_t stride,
    size_t count, int32_t *out) {
    loops[isa]->correlate(template_levels, width, height, picture, stride, count, out);
}
