#pragma once
// Depthwise convolution of quantized images: groups = in_channels = out_channels. It has the contract of conv2d_u8.h with
// one channel in each group, so its implementations are kernels of that type and stand in the registry of conv2d_u8
// before the general ones. A block is four vectors of sums.

#include "../conv2d_u8/conv2d_u8.h"
