// Convolutions: every line of y is a product of what the kernel covers with the weights.
#ifndef NN_CONV_H
#define NN_CONV_H

#include "panel.h"

NN_API uint32_t nn_conv2d_height(const nn_conv2d *s) { return s->height < s->rows ? 0 : (s->height - s->rows) / s->down + 1; }
NN_API uint32_t nn_conv2d_width(const nn_conv2d *s) { return s->width < s->cols ? 0 : (s->width - s->cols) / s->right + 1; }

NN_API void nn_conv2d_f32(float *y, const float *x, const float *w, const float *bias, const nn_conv2d *s) {
  uint32_t height = nn_conv2d_height(s), width = nn_conv2d_width(s), line = s->cols * s->in;
  nn_factors f = {
      .step = (size_t)s->right * s->in, .next = (size_t)s->width * s->in, .line = line,
      .b = w, .bias = bias, .cols = s->out, .inner = s->rows * line,
  };
  for (uint32_t i = 0; i < height; i++) {
    f.x = x + (size_t)i * s->down * f.next;
    nn_product(y + (size_t)i * width * s->out, &f, width);
  }
}

NN_API void nn_conv1d_f32(float *y, const float *x, const float *w, const float *bias, uint32_t length, uint32_t in,
                          uint32_t out, uint32_t kernel, uint32_t stride) {
  nn_conv2d s = {1, length, in, out, 1, kernel, 1, stride};
  nn_conv2d_f32(y, x, w, bias, &s);
}

#endif
