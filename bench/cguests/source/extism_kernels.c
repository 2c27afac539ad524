#include "extism.h"

#include "../../guests/kernels/kernels.c"
