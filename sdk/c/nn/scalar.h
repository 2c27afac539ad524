// The reference: every kernel as its contract says, one element after the other.
#ifndef NN_SCALAR_H
#define NN_SCALAR_H

NN_API void nn_dense_f32(float *y, const float *w, const float *x, const float *bias, uint32_t rows, uint32_t cols) {
  for (uint32_t m = 0; m < rows; m++) {
    float lane[4] = {0, 0, 0, 0};
    for (uint32_t k = 0; k < cols; k++) lane[k % 4] += w[(size_t)m * cols + k] * x[k];
    float sum = (lane[0] + lane[2]) + (lane[1] + lane[3]);
    y[m] = bias ? sum + bias[m] : sum;
  }
}

NN_INLINE int32_t nn_dot_one_i8(const int8_t *w, const int8_t *x, uint32_t n) {
  int32_t sum = 0;
  for (uint32_t k = 0; k < n; k++) sum += w[k] * x[k];
  return sum;
}

NN_API void nn_dot_i8(int32_t *y, const int8_t *w, const int8_t *x, uint32_t rows, uint32_t cols) {
  for (uint32_t m = 0; m < rows; m++) y[m] = nn_dot_one_i8(w + (size_t)m * cols, x, cols);
}

NN_API void nn_dense_i8(float *y, const int8_t *w, const int8_t *x, const float *scale, const float *bias, uint32_t rows,
                        uint32_t cols) {
  for (uint32_t m = 0; m < rows; m++) {
    float product = (float)nn_dot_one_i8(w + (size_t)m * cols, x, cols) * scale[m];
    y[m] = bias ? product + bias[m] : product;
  }
}

NN_API void nn_quantise_i7(int8_t *y, const float *x, float inverse, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    float v = x[i] * inverse;
    y[i] = !(v > 0) ? 0 : v > 127 ? 127 : (int8_t)nn_round(v);
  }
}

NN_API void nn_gemm_f32(float *c, const float *a, const float *b, uint32_t rows, uint32_t cols, uint32_t inner) {
  for (uint32_t m = 0; m < rows; m++)
    for (uint32_t n = 0; n < cols; n++) {
      float sum = 0;
      for (uint32_t k = 0; k < inner; k++) sum += a[(size_t)m * inner + k] * b[(size_t)k * cols + n];
      c[(size_t)m * cols + n] = sum;
    }
}

NN_API void nn_gemm_i8(int32_t *c, const int8_t *a, const int8_t *b, uint32_t rows, uint32_t cols, uint32_t inner) {
  for (uint32_t m = 0; m < rows; m++)
    for (uint32_t n = 0; n < cols; n++)
      c[(size_t)m * cols + n] = nn_dot_one_i8(a + (size_t)m * inner, b + (size_t)n * inner, inner);
}

NN_API uint32_t nn_conv2d_height(const nn_conv2d *s) { return s->height < s->rows ? 0 : (s->height - s->rows) / s->down + 1; }
NN_API uint32_t nn_conv2d_width(const nn_conv2d *s) { return s->width < s->cols ? 0 : (s->width - s->cols) / s->right + 1; }

NN_API void nn_conv2d_f32(float *y, const float *x, const float *w, const float *bias, const nn_conv2d *s) {
  uint32_t height = nn_conv2d_height(s), width = nn_conv2d_width(s), line = s->cols * s->in;
  for (uint32_t i = 0; i < height; i++)
    for (uint32_t j = 0; j < width; j++)
      for (uint32_t o = 0; o < s->out; o++) {
        float sum = 0;
        for (uint32_t row = 0; row < s->rows; row++)
          for (uint32_t k = 0; k < line; k++)
            sum += x[((size_t)(i * s->down + row) * s->width + j * s->right) * s->in + k] * w[((size_t)row * line + k) * s->out + o];
        y[((size_t)i * width + j) * s->out + o] = bias ? sum + bias[o] : sum;
      }
}

NN_API void nn_conv1d_f32(float *y, const float *x, const float *w, const float *bias, uint32_t length, uint32_t in,
                          uint32_t out, uint32_t kernel, uint32_t stride) {
  nn_conv2d s = {1, length, in, out, 1, kernel, 1, stride};
  nn_conv2d_f32(y, x, w, bias, &s);
}

#endif
