//go:build wasmtime

// The network of plugins/digits in int8, as that plugin has it, with the scalar kernels that a native compiler makes
// vectors of.
#define NN_SCALAR
#include "nn.h"

#include "kernels.h"

enum { INPUTS = 784, HIDDEN1 = 256, HIDDEN2 = 128, OUTPUTS = 10 };

// dense is one layer; factors are its inverse, scales and biases. It returns where those of the next begin.
static const float *dense(float *y, const int8_t *w, const float *x, const float *factors, uint32_t rows, uint32_t cols) {
  int8_t activations[INPUTS];
  nn_quantise_i7(activations, x, factors[0], cols);
  nn_dense_i8(y, w, activations, factors + 1, factors + 1 + rows, rows, cols);
  return factors + 1 + 2 * rows;
}

void native_digits_i8(uint8_t *p, const uint8_t *weights, const uint8_t *x) {
  float hidden1[HIDDEN1], hidden2[HIDDEN2], scores[OUTPUTS];
  const int8_t *w1 = (const int8_t *)weights, *w2 = w1 + INPUTS * HIDDEN1, *w3 = w2 + HIDDEN1 * HIDDEN2;
  const float *factors = (const float *)(w3 + HIDDEN2 * OUTPUTS);
  factors = dense(hidden1, w1, (const float *)x, factors, HIDDEN1, INPUTS);
  factors = dense(hidden2, w2, hidden1, factors, HIDDEN2, HIDDEN1);
  dense(scores, w3, hidden2, factors, OUTPUTS, HIDDEN2);
  nn_softmax_f32((float *)p, scores, OUTPUTS);
}
