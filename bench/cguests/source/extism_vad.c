#include "extism.h"

#include "../../../plugins/vad/guest/vad.c"
