#include "include/saccade_kernels.h"
