#include "default_weights.h"

// C23's #embed, which clang takes in C17 too.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char weights[] = {
#embed "../../weights/saccade-n.onnx"
};

const void *saccade_default_weights(void) { return weights; }
size_t saccade_default_weights_size(void) { return sizeof weights; }
