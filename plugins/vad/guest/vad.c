// The model plugin vad: Silero VAD v5 for one frame of speech at 16 kHz, on sdk/c/nn.h. README.md says what it promises.
#include "bulkhead.h"
#include "network.h"
#include "text.h"

BULKHEAD_INPUT(sizeof(vad_request))

static _Alignas(16) vad_weights weights;
static _Alignas(16) vad_answer answer;

enum { WEIGHTS = sizeof weights / sizeof(float) };

// Weights have a bound that keeps every sum finite, whatever the input.
static const float largest = 100;

static char text[96];

static bulkhead_packed fail_at(const char *before, uint32_t position, const char *after) {
  bulkhead_text t = {.bytes = text, .room = sizeof text};
  bulkhead_add(&t, before);
  bulkhead_add_number(&t, position);
  bulkhead_add(&t, after);
  return bulkhead_fail_with(t.bytes, t.length);
}

// takes_no_config says whether the config is an empty object. The host made sure that it is strict JSON.
static int takes_no_config(const uint8_t *config, uint32_t length) {
  for (uint32_t i = 0; i < length; i++)
    if (config[i] == '"') return 0;
  return 1;
}

BULKHEAD_CONFIGURE {
  if (!takes_no_config(request, length)) return bulkhead_fail("vad takes no config");
  int32_t size = bulkhead_read(0, 0, &weights, sizeof weights);
  if (size < 0) return bulkhead_fail("the weights are missing");
  if (size != sizeof weights) return fail_at("the weights have ", (uint32_t)size, " bytes");
  uint32_t wrong = nn_outside_f32((const float *)&weights, -largest, largest, WEIGHTS);
  if (wrong < WEIGHTS) return fail_at("weight ", wrong, " is not a number from -100 to 100");
  return bulkhead_answer(0, 0);
}

BULKHEAD_HANDLE {
  const vad_request *in = (const vad_request *)request;
  if (length != sizeof *in) return fail_at("the input has ", length, " bytes");
  uint32_t wrong = nn_outside_f32(in->x, -1, 1, VAD_INPUT);
  if (wrong < VAD_INPUT) return fail_at("value ", wrong, " of x is not a number from -1 to 1");
  wrong = nn_outside_f32(in->output, -1, 1, VAD_CELLS);
  if (wrong < VAD_CELLS) return fail_at("value ", wrong, " of the state is not a number from -1 to 1");
  wrong = nn_outside_f32(in->content, -3e38f, 3e38f, VAD_CELLS);
  if (wrong < VAD_CELLS) return fail_at("value ", VAD_CELLS + wrong, " of the state is not finite");
  vad_run(&answer, in, &weights);
  return bulkhead_answer(&answer, sizeof answer);
}
