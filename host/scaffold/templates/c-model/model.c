// A Bulkhead model: y = 0.5*x[0] + 2*x[1] + 1, in f32. bulkhead/nn.h has the kernels of larger ones.
#include "bulkhead.h"
#include "nn.h"

enum { INPUTS = 2 };
BULKHEAD_INPUT(INPUTS * sizeof(float))

static const float weights[INPUTS] = {0.5f, 2}, bias[1] = {1};

BULKHEAD_HANDLE {
  static float y[1];
  if (length != INPUTS * sizeof(float)) return bulkhead_fail("x must be two f32");
  nn_dense_f32(y, weights, (const float *)request, bias, 1, INPUTS);
  return bulkhead_answer(y, sizeof y);
}
