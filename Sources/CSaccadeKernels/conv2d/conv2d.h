#pragma once
// What convolutions of every element type share: their extents, and the part of the result that one call computes.

#include <stddef.h>
#include <stdint.h>

/// The extents of a convolution. All are at least 1 except padding, which is at least 0; channels are multiples of
/// `groups`.
typedef struct sk_conv2d_shape {
    size_t batch;
    size_t in_height, in_width, in_channels;
    size_t out_height, out_width, out_channels;
    size_t kernel_height, kernel_width;
    size_t stride_height, stride_width;
    size_t dilation_height, dilation_width;
    size_t pad_top, pad_left;
    size_t groups;
    /// Elements between neighbouring pixels.
    size_t in_pixel_stride, out_pixel_stride, addend_pixel_stride;
} sk_conv2d_shape;

/// The part of the result that one call computes: output pixels (over all images) and channel blocks, half-open.
typedef struct sk_conv2d_range {
    size_t pixel_begin, pixel_end;
    size_t block_begin, block_end;
} sk_conv2d_range;
