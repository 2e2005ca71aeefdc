#pragma once
// The detector that comes with the program: the bytes of weights/saccade-n.onnx.

#include <stddef.h>

const void *_Nonnull saccade_default_weights(void);
size_t saccade_default_weights_size(void);
