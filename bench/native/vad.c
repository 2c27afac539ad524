//go:build wasmtime

// The plugin's own source. Its two kernels that take the time are the ones of this package, which gcc makes wide vectors
// of: the reference's order of summation would forbid that.
#define NN_SCALAR
#define nn_dense_f32 nn_reference_dense_f32
#define nn_lstm_f32 nn_reference_lstm_f32
#include "nn.h"
#undef nn_dense_f32
#undef nn_lstm_f32

#include "kernels.h"
#include "vad.h"

static void nn_dense_f32(float *y, const float *w, const float *x, const float *bias, uint32_t rows, uint32_t cols) {
  native_gemv_f32(y, w, x, bias, (int)rows, (int)cols, 0);
}

static void nn_lstm_f32(float *h, float *c, const float *x, const float *w, const float *r, const float *bias, uint32_t inputs,
                        uint32_t cells, float *gates) {
  native_gemv_f32(gates, w, x, bias, 4 * (int)cells, (int)inputs, 0);
  for (uint32_t i = 0; i < 4 * cells; i++) {
    float sum = 0;
    for (uint32_t j = 0; j < cells; j++) sum += r[i * cells + j] * h[j];
    gates[i] += sum;
  }
  nn_sigmoid_f32(gates, gates, 2 * cells);
  nn_tanh_f32(gates + 2 * cells, gates + 2 * cells, cells);
  nn_sigmoid_f32(gates + 3 * cells, gates + 3 * cells, cells);
  for (uint32_t i = 0; i < cells; i++) c[i] = gates[cells + i] * c[i] + gates[i] * gates[2 * cells + i];
  nn_tanh_f32(gates, c, cells);
  for (uint32_t i = 0; i < cells; i++) h[i] = gates[3 * cells + i] * gates[i];
}

#include "../../plugins/vad/guest/network.h"

void native_vad(uint8_t *answer, const uint8_t *request, const uint8_t *weights) {
  vad_run((vad_answer *)answer, (const vad_request *)request, (const vad_weights *)weights);
}
