#include "include/saccade_pixels.h"
