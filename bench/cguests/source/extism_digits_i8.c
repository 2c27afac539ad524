#include "extism.h"

#include "../../../plugins/digits/guest/digits.c"
