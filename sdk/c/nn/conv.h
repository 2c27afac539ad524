// Convolutions: a tile's rows are neighbours in a line of y, its columns are out channels.
#ifndef NN_CONV_H
#define NN_CONV_H

#include "tile.h"

NN_API uint32_t nn_conv2d_height(const nn_conv2d *s) { return s->height < s->rows ? 0 : (s->height - s->rows) / s->down + 1; }
NN_API uint32_t nn_conv2d_width(const nn_conv2d *s) { return s->width < s->cols ? 0 : (s->width - s->cols) / s->right + 1; }

// y and x are those of the first of places neighbours, w and bias those of the first channel.
NN_INLINE void nn_conv_tile(const int places, const int vectors, float *y, const float *x, const float *w, const float *bias,
                            const nn_conv2d *s) {
  nn_tile t;
  NN_UNROLLED for (int p = 0; p < places; p++) NN_UNROLLED for (int v = 0; v < vectors; v++) t.sum[p][v] = wasm_f32x4_splat(0);
  uint32_t line = s->cols * s->in;
  for (uint32_t row = 0; row < s->rows; row++)
    nn_tile_add(&t, places, vectors, x + (size_t)row * s->width * s->in, (size_t)s->right * s->in, w + (size_t)row * line * s->out,
                s->out, line);
  NN_UNROLLED for (int p = 0; p < places; p++) NN_UNROLLED for (int v = 0; v < vectors; v++) {
    v128_t sum = t.sum[p][v];
    wasm_v128_store(y + (size_t)p * s->out + 4 * v, bias ? wasm_f32x4_add(sum, wasm_v128_load(bias + 4 * v)) : sum);
  }
}

NN_INLINE void nn_conv_one(float *y, const float *x, const float *w, const float *bias, const nn_conv2d *s) {
  float sum = 0;
  uint32_t line = s->cols * s->in;
  for (uint32_t row = 0; row < s->rows; row++)
    sum = nn_column_add(sum, x + (size_t)row * s->width * s->in, w + (size_t)row * line * s->out, s->out, line);
  *y = bias ? sum + *bias : sum;
}

// All channels of some neighbours.
NN_INLINE void nn_conv_places(const int places, float *y, const float *x, const float *w, const float *bias, const nn_conv2d *s) {
  uint32_t o = 0;
  for (; s->out - o >= 8; o += 8) nn_conv_tile(places, 2, y + o, x, w + o, bias ? bias + o : 0, s);
  for (; s->out - o >= 4; o += 4) nn_conv_tile(places, 1, y + o, x, w + o, bias ? bias + o : 0, s);
  for (; o < s->out; o++)
    for (int p = 0; p < places; p++)
      nn_conv_one(y + (size_t)p * s->out + o, x + (size_t)p * s->right * s->in, w + o, bias ? bias + o : 0, s);
}

NN_API void nn_conv2d_f32(float *y, const float *x, const float *w, const float *bias, const nn_conv2d *s) {
  uint32_t height = nn_conv2d_height(s), width = nn_conv2d_width(s);
  for (uint32_t i = 0; i < height; i++, y += (size_t)width * s->out, x += (size_t)s->down * s->width * s->in) {
    uint32_t j = 0;
    for (; width - j >= NN_TILE_ROWS; j += NN_TILE_ROWS)
      nn_conv_places(NN_TILE_ROWS, y + (size_t)j * s->out, x + (size_t)j * s->right * s->in, w, bias, s);
    for (; j < width; j++) nn_conv_places(1, y + (size_t)j * s->out, x + (size_t)j * s->right * s->in, w, bias, s);
  }
}

NN_API void nn_conv1d_f32(float *y, const float *x, const float *w, const float *bias, uint32_t length, uint32_t in,
                          uint32_t out, uint32_t kernel, uint32_t stride) {
  nn_conv2d s = {1, length, in, out, 1, kernel, 1, stride};
  nn_conv2d_f32(y, x, w, bias, &s);
}

#endif
