// The network of plugins/digits in f32 on nn.h, one example at a time, for comparisons. Its asset is the trainer's
// weights.f32.bin: for each layer the weights, those of one input together, then the biases.
#include "bulkhead.h"
#include "nn.h"

enum { INPUTS = 28 * 28, HIDDEN1 = 256, HIDDEN2 = 128, OUTPUTS = 10, LAYERS = 3 };

BULKHEAD_INPUT(INPUTS * sizeof(float))

static struct layer {
  uint32_t rows, cols;
  float *weights;
  const float *bias;
} layers[LAYERS] = {{.rows = HIDDEN1, .cols = INPUTS}, {.rows = HIDDEN2, .cols = HIDDEN1}, {.rows = OUTPUTS, .cols = HIDDEN2}};

BULKHEAD_CONFIGURE {
  uint32_t size = 0, want = 0;
  const float *w = bulkhead_asset(0, &size);
  for (struct layer *l = layers; l < layers + LAYERS; l++) want += (l->rows * l->cols + l->rows) * sizeof(float);
  if (!w || size != want) return bulkhead_fail("the weights are missing, or have another size");
  for (struct layer *l = layers; l < layers + LAYERS; l++) {
    l->weights = bulkhead_allocate(l->rows * l->cols * sizeof(float));
    if (!l->weights) return bulkhead_fail("no memory");
    for (uint32_t i = 0; i < l->cols; i++)
      for (uint32_t j = 0; j < l->rows; j++) l->weights[j * l->cols + i] = w[i * l->rows + j];
    l->bias = w + l->rows * l->cols;
    w = l->bias + l->rows;
  }
  return bulkhead_answer(0, 0);
}

BULKHEAD_HANDLE {
  static _Alignas(16) float hidden1[HIDDEN1], hidden2[HIDDEN2], p[OUTPUTS];
  if (length != INPUTS * sizeof(float)) return bulkhead_fail("the input is not one picture");
  nn_dense_f32(hidden1, layers[0].weights, (const float *)request, layers[0].bias, HIDDEN1, INPUTS);
  nn_relu_f32(hidden1, hidden1, HIDDEN1);
  nn_dense_f32(hidden2, layers[1].weights, hidden1, layers[1].bias, HIDDEN2, HIDDEN1);
  nn_relu_f32(hidden2, hidden2, HIDDEN2);
  nn_dense_f32(p, layers[2].weights, hidden2, layers[2].bias, OUTPUTS, HIDDEN2);
  nn_softmax_f32(p, p, OUTPUTS);
  return bulkhead_answer(p, sizeof p);
}
