#include "extism.h"

#include "digits_f32.c"
