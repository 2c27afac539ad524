// vad.c: the model plugin. plugins/vad/README.md says what goes in and out.
#include "bulkhead.h"
#include "network.h"

BULKHEAD_INPUT(sizeof(vad_request))

static vad_weights weights;
static vad_answer answer;

enum { weights_slot = 0 };

// finite takes n values, a multiple of 4, and reports whether all are numbers from -most to most.
static int within(const float *x, uint32_t n, float most) {
  nn_f4 nothing = nn_all(0), top = nothing;
  for (uint32_t i = 0; i < n; i += 4) {
    nn_f4 v = nn_load4(x + i);
    nothing = nn_add(nothing, nn_sub(v, v)); // what is no number, or infinite, leaves no zero
    top = nn_max(top, nn_abs(v));
  }
  float seen[8];
  nn_store4(seen, nothing);
  nn_store4(seen + 4, top);
  for (int i = 0; i < 4; i++)
    if (!(seen[i] == 0) || !(seen[4 + i] <= most)) return 0;
  return 1;
}

BULKHEAD_CONFIGURE {
  if (length != 2 || request[0] != '{' || request[1] != '}') return bulkhead_fail("vad takes no config");
  int32_t size = bulkhead_read(weights_slot, 0, &weights, sizeof weights);
  if (size != (int32_t)sizeof weights) return bulkhead_fail("the weights are missing, or have another size than this plugin's");
  if (!within((const float *)&weights, sizeof weights / sizeof(float), 100))
    return bulkhead_fail("a weight is not a number from -100 to 100");
  return bulkhead_answer(0, 0);
}

BULKHEAD_HANDLE {
  const vad_request *in = (const vad_request *)request;
  if (length != sizeof *in) return bulkhead_fail("the input is not one frame and one state");
  if (!within(in->x, VAD_INPUT, 1)) return bulkhead_fail("a sample is not a number from -1 to 1");
  if (!within(in->output, VAD_CELLS, 1)) return bulkhead_fail("the state has an output that is not a number from -1 to 1");
  if (!within(in->content, VAD_CELLS, 3.4e38f)) return bulkhead_fail("the state has a content that is not a number");
  vad_run(&answer, in, &weights);
  return bulkhead_answer(&answer, sizeof answer);
}
