#pragma once
// The kernels of the runtime in C. One folder per operator holds
//   <operator>.h    the contract: formula, layouts, what may alias
//   naive.c         the formula as plain loops: the oracle of the tests
//   generic.inc     the kernel written on the names of vectors/*.h
//   <isa>.c         the kernel for one instruction set
//   kernels.inc     the registry, which declares, chooses and tests every implementation
//
// Kernels never allocate, keep no state and may be called from several threads.

#include "../activation/activation.h"
#include "../binary_u8/binary_u8.h"
#include "../closure/closure.h"
#include "../compare_f32/compare_f32.h"
#include "../conv2d/conv2d.h"
#include "../conv2d_f32/conv2d_f32.h"
#include "../conv2d_u8/conv2d_u8.h"
#include "../conv2d_weight_gradient_f32/conv2d_weight_gradient_f32.h"
#include "../depthwise_f32/depthwise_f32.h"
#include "../depthwise_u8/depthwise_u8.h"
#include "../dropout_f32/dropout_f32.h"
#include "../elementwise_f32/elementwise_f32.h"
#include "../gemm_f32/gemm_f32.h"
#include "../isa/isa.h"
#include "../lookup_u8/lookup_u8.h"
#include "../matmul_u8/matmul_u8.h"
#include "../maxpool2d_f32/maxpool2d_f32.h"
#include "../maxpool2d_u8/maxpool2d_u8.h"
#include "../normalize_f32/normalize_f32.h"
#include "../optimizer_f32/optimizer_f32.h"
#include "../peak/peak.h"
#include "../quantize_u8/quantize_u8.h"
#include "../recurrent_f32/recurrent_f32.h"
#include "../reduce_f32/reduce_f32.h"
#include "../requantize/requantize.h"
#include "../resample_f32/resample_f32.h"
#include "../softmax_f32/softmax_f32.h"
#include "../softmax_u8/softmax_u8.h"
#include "../unary_gradient_f32/unary_gradient_f32.h"
