// Silero VAD v5 at 16 kHz: the spectrum of a frame, four convolutions over time, an LSTM, one output.
//
// What lies in time order lies moment by moment, so that the window of a convolution is one piece of memory and each of its
// outputs a row of a dense layer. A row of zeros before the first moment and after the last is the padding.
#ifndef VAD_NETWORK_H
#define VAD_NETWORK_H

#include "spectrum.h"
#include "windows.h"

enum {
  VAD_CONTEXT = 64, // samples before the frame
  VAD_FRAME = 512,
  VAD_INPUT = VAD_CONTEXT + VAD_FRAME,
  VAD_CELLS = 128,
  VAD_WINDOW0 = 400, // three moments of the spectrum, filled up to a multiple of 16
};

// vad_weights is weights.bin, as README.md describes it.
typedef struct {
  vad_transform transform;
  float weight0[128 * VAD_WINDOW0], bias0[128];
  float weight1[64 * 3 * 128], bias1[64];
  float weight2[64 * 2 * 64], bias2[64]; // the tap before the first moment meets padding alone
  float weight3[128 * 64], bias3[128];   // of three taps the middle one
  float input[4 * VAD_CELLS * VAD_CELLS], recurrent[4 * VAD_CELLS * VAD_CELLS], gates[4 * VAD_CELLS];
  float decoder[VAD_CELLS], bias[1], unused[3];
} vad_weights;

// vad_request and vad_answer are the tensors of plugin.toml.
typedef struct {
  float x[VAD_INPUT];
  float output[VAD_CELLS], content[VAD_CELLS]; // of the LSTM's cells, after the frame before
} vad_request;

typedef struct {
  float p;
  float output[VAD_CELLS], content[VAD_CELLS];
} vad_answer;

// Both engines give registers to sums only in functions with little else in them.
#define VAD_APART __attribute__((noinline, unused)) static

VAD_APART void vad_first(float *y, const float *x, const vad_weights *w) {
  vad_windows(4, 2, y, 128, w->weight0, x, VAD_BIN_STRIDE, w->bias0, 128, VAD_WINDOW0);
}
VAD_APART void vad_second(float *y, const float *x, const vad_weights *w) {
  vad_windows(2, 4, y, 64, w->weight1, x, 2 * 128, w->bias1, 64, 3 * 128);
}

// vad_encode gives the 128 features of a frame.
NN_API void vad_encode(float *out, const float *x, const vad_weights *w) {
  static float samples[VAD_SAMPLES];
  static float spectrum[(VAD_MOMENTS + 2) * VAD_BIN_STRIDE + 4]; // the last window is read four values further, times zero
  static float first[(1 + VAD_MOMENTS) * 128], second[2 * 64], third[64];
  for (int i = 0; i < VAD_INPUT; i++) samples[i] = x[i];
  for (int i = 0; i < VAD_SAMPLES - VAD_INPUT; i++) samples[VAD_INPUT + i] = x[VAD_INPUT - 2 - i]; // the end, mirrored
  vad_spectrum((float(*)[VAD_BIN_STRIDE])(spectrum + VAD_BIN_STRIDE), samples, &w->transform);
  vad_first(first + 128, spectrum, w);
  nn_relu_f32(first + 128, first + 128, VAD_MOMENTS * 128);
  vad_second(second, first, w);
  nn_relu_f32(second, second, 2 * 64);
  nn_dense_f32(third, w->weight2, second, w->bias2, 64, 2 * 64);
  nn_relu_f32(third, third, 64);
  nn_dense_f32(out, w->weight3, third, w->bias3, 128, 64);
  nn_relu_f32(out, out, 128);
}

// vad_run answers one request.
NN_API void vad_run(vad_answer *answer, const vad_request *request, const vad_weights *w) {
  static float features[VAD_CELLS], gates[4 * VAD_CELLS], last[VAD_CELLS];
  vad_encode(features, request->x, w);
  for (int i = 0; i < VAD_CELLS; i++) {
    answer->output[i] = request->output[i];
    answer->content[i] = request->content[i];
  }
  nn_lstm_f32(answer->output, answer->content, features, w->input, w->recurrent, w->gates, VAD_CELLS, VAD_CELLS, gates);
  nn_relu_f32(last, answer->output, VAD_CELLS);
  nn_dense_f32(&answer->p, w->decoder, last, w->bias, 1, VAD_CELLS);
  nn_sigmoid_f32(&answer->p, &answer->p, 1);
}

#endif
