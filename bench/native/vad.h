#pragma once
#include <stdint.h>

// One frame of Silero VAD: request, weights and answer are those of plugins/vad.
void native_vad(uint8_t *answer, const uint8_t *request, const uint8_t *weights);
