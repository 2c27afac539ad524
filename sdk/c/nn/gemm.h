// Matrix products.
#ifndef NN_GEMM_H
#define NN_GEMM_H

// A product is a convolution over a line of rows places, with a kernel of one.
NN_API void nn_gemm_f32(float *c, const float *a, const float *b, uint32_t rows, uint32_t cols, uint32_t inner) {
  nn_conv1d_f32(c, a, b, 0, rows, inner, cols, 1, 1);
}

NN_API void nn_gemm_i8(int32_t *c, const int8_t *a, const int8_t *b, uint32_t rows, uint32_t cols, uint32_t inner) {
  for (uint32_t m = 0; m < rows; m++) // b's rows are 0 to 127, a's one row is not: it is the matrix of nn_dot_i8
    for (uint32_t n = 0; n < cols; n++) nn_dot_i8(c + (size_t)m * cols + n, a + (size_t)m * inner, b + (size_t)n * inner, 1, inner);
}

#endif
