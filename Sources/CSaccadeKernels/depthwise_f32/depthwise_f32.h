#pragma once
// Depthwise convolution: groups = in_channels = out_channels. It has the contract of conv2d_f32.h with one channel in
// each group, so its implementations are kernels of that type and stand in the registry of conv2d_f32 before the
// general ones. A block is a vector of channels.

#include "../conv2d_f32/conv2d_f32.h"
