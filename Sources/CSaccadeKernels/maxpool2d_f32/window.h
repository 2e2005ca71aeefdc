#pragma once
// Which part of a pooling window lies inside of the image.

#include <stddef.h>

/// The window's part inside of the image along one axis: taps [begin, end).
typedef struct sk_window {
    size_t begin, end;
} sk_window;

static inline sk_window sk_window_inside(
    size_t at, size_t stride, size_t pad, size_t dilation, size_t kernel, size_t extent) {
    sk_window t = {0, kernel};
    while (t.begin < kernel && at * stride + t.begin * dilation < pad) t.begin++;
    while (t.end > t.begin && at * stride + (t.end - 1) * dilation - pad >= extent) t.end--;
    return t;
}
