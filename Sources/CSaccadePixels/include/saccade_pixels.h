// Loops over rows of 8-bit pixels: scaling to RGB, measuring motion, blending, turning.
//
// Every function works in integers, and its result does not depend on the instruction set: the variants are bit-equal.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Instruction sets, in rising order.
enum { SP_ISA_PORTABLE = 0, SP_ISA_AVX2 = 1, SP_ISA_AVX512 = 2 };

/// The best instruction set of this processor that the library has code for.
int sp_isa_best(void);

// ---------------------------------------------------------------------------------------------------------- scaling

/// YUV -> RGB in fixed point. With Y, U, V = (sample - 128) * 64:
///     R = (yy*Y + rv*V + offset) >> 19
///     G = (yy*Y + gu*U + gv*V + offset) >> 19
///     B = (yy*Y + bu*U + offset) >> 19
/// The coefficients are the real ones times 8192; `offset` brings back the level of black, and one half to round.
typedef struct sp_matrix {
    int16_t yy, rv, gu, gv, bu;
    int32_t offset;
} sp_matrix;

/// out[i] = a[i]*(256 - weight) + b[i]*weight - 32768 for i < count, and out[count] = out[count - 1].
/// `weight` is 0...256; `out` has room for count + 1.
void sp_blend_rows(
    int isa, const uint8_t *_Nonnull a, const uint8_t *_Nonnull b, size_t count, int weight, int16_t *_Nonnull out);

/// Samples three blended rows at `count` places and writes interleaved 8-bit pixels: R, G, B, or B, G, R when `bgr`.
///
/// Place i of a row is row[index[i]] * low(weights[i]) + row[index[i] + 1] * high(weights[i]), where low and high are
/// the signed 16-bit halves of a weight and add to 16384. Luma has a table of its own; both chroma rows share theirs.
/// The tables are readable up to the next multiple of 16 places.
void sp_sample_row(
    int isa, const int16_t *_Nonnull y, const int16_t *_Nonnull u, const int16_t *_Nonnull v,
    const int32_t *_Nonnull luma_index, const int32_t *_Nonnull luma_weights, const int32_t *_Nonnull chroma_index,
    const int32_t *_Nonnull chroma_weights, size_t count, const sp_matrix *_Nonnull matrix, int bgr,
    uint8_t *_Nonnull out);

/// out[i] = levels[i] * scale for i < count.
void sp_scale_levels(int isa, const uint8_t *_Nonnull levels, size_t count, float scale, float *_Nonnull out);

// ----------------------------------------------------------------------------------------------------------- motion

/// The longest side of a cell that `sp_average_cells` takes.
enum { SP_LONGEST_CELL = 256 };

/// out[i] = the mean, halves rounded up, of the cell of cell_width x cell_height pixels at column i * cell_width.
///
/// The sides of a cell are 1...SP_LONGEST_CELL; `sums` is room for count * cell_width numbers.
void sp_average_cells(
    int isa, const uint8_t *_Nonnull source, ptrdiff_t stride, size_t cell_width, size_t cell_height, size_t count,
    uint16_t *_Nonnull sums, uint8_t *_Nonnull out);

/// Sums over blocks of 4 x 4 pixels of products of the gradient (gx, gy), where gx is the right neighbour minus the
/// left one and gy the lower minus the upper: xx[i], xy[i] and yy[i] belong to the block at column 4i.
///
/// The pixels around the blocks are readable. `sums` is room for 12 * count numbers.
void sp_gradient_blocks(
    int isa, const uint8_t *_Nonnull source, ptrdiff_t stride, size_t count, int32_t *_Nonnull sums,
    int32_t *_Nonnull xx, int32_t *_Nonnull xy, int32_t *_Nonnull yy);

/// The side of the windows that are tracked.
enum { SP_WINDOW = 16 };

/// A window of a picture with its gradient, to look for in another picture.
typedef struct sp_window {
    int16_t level[SP_WINDOW * SP_WINDOW];  // times 8
    int16_t gx[SP_WINDOW * SP_WINDOW], gy[SP_WINDOW * SP_WINDOW];
    // Sums over the window; `square` is that of the squares of `level`.
    int32_t sum, square, sum_x, sum_y, xx, xy, yy;
} sp_window;

/// Fills a window from the picture at its top left pixel; one pixel around it is readable.
void sp_take_window(int isa, const uint8_t *_Nonnull at, ptrdiff_t stride, sp_window *_Nonnull window);

/// Sums over a window of d, the difference of a picture and the window in levels times 8.
typedef struct sp_mismatch {
    int32_t sum, square, x, y;  // of d, d * d, d * gx, d * gy
} sp_mismatch;

/// Compares a window with a picture at (weight_x, weight_y) / 256 to the right and below of `at`, sampled bilinearly.
/// The weights are 0...256; the pixels of the window and the next column and row are readable.
void sp_compare_window(
    int isa, const uint8_t *_Nonnull at, ptrdiff_t stride, int weight_x, int weight_y,
    const sp_window *_Nonnull window, sp_mismatch *_Nonnull mismatch);

/// out[i] = the sum of template[x] * picture[i + x] over the template's rows, for i < count.
///
/// Levels are 0...255. The template's rows are `width` long, a multiple of 16, and `height` of them follow one another;
/// the picture's rows are `stride` apart and readable for count + width levels. The sum stays below 2^31.
void sp_correlate(
    int isa, const int16_t *_Nonnull template_levels, size_t width, size_t height, const int16_t *_Nonnull picture,
    size_t stride, size_t count, int32_t *_Nonnull out);

// --------------------------------------------------------------------------------------------------------- blending

/// row[i] goes towards `value` by alpha/256, for alpha in 0...256.
void sp_blend_value(uint8_t *_Nonnull row, size_t count, int value, int alpha);

/// row[i] goes towards `value` by coverage[i]/255 * alpha/256.
void sp_blend_coverage(
    uint8_t *_Nonnull row, const uint8_t *_Nonnull coverage, size_t count, int value, int alpha);

/// out[i] = the mean, rounded, of the 2 x 2 block at 2i of two rows of coverage.
void sp_halve_coverage(
    const uint8_t *_Nonnull top, const uint8_t *_Nonnull bottom, size_t count, uint8_t *_Nonnull out);

/// coverage[i] = the larger of it and source[i].
void sp_unite_coverage(uint8_t *_Nonnull coverage, const uint8_t *_Nonnull source, size_t count);

/// A line with round ends: from (x, y) by (dx, dy), `radius` pixels to either side, `full` (0...255) in its middle.
typedef struct sp_line {
    float x, y, dx, dy, radius, full;
} sp_line;

/// Unites a row of coverage with what a line covers of it. The row's pixel i spans left + i to left + i + 1, and its
/// middle lies at `center_y`.
void sp_unite_line(
    uint8_t *_Nonnull coverage, size_t count, float left, float center_y, const sp_line *_Nonnull line);

/// Writes `count` pixels that go from `first` on by `step` each; both are levels times 65536, and the levels stay
/// within 0...255.
void sp_write_ramp(uint8_t *_Nonnull row, size_t count, int32_t first, int32_t step);

// ---------------------------------------------------------------------------------------------------------- turning

/// Copies a plane of `width` x `height` so that the pixel at (x, y) of the source lands at (x', y'), where
/// x' = flip_x ? width - 1 - x : x, the same for y', and then the two are exchanged when `transpose`.
void sp_turn_plane(
    const uint8_t *_Nonnull source, ptrdiff_t source_stride, size_t width, size_t height, int flip_x, int flip_y,
    int transpose, uint8_t *_Nonnull target, ptrdiff_t target_stride);

// ------------------------------------------------------------------------------------------------------------- font

enum { SP_FONT_GLYPH_COUNT = 192 };

/// The outline of a glyph of DejaVu Sans Bold: U+0020...U+007E, U+00A0...U+00FF, then the sign for a missing one.
///
/// Numbers: advance, number of contours, then for each contour the number of its points and for each point x * 2 + 1
/// when it lies on the curve (x * 2 when it is a control point of a quadratic curve), and y. y points up.
const int16_t *_Nonnull sp_font_glyph(size_t index);

/// Heights above the baseline (the descent below it), in units of the em square.
typedef struct sp_font_heights {
    int32_t units_per_em, ascent, descent, capital, small, stem;
} sp_font_heights;
sp_font_heights sp_font_metrics(void);
