// Matrix products.
#ifndef NN_GEMM_H
#define NN_GEMM_H

#include "panel.h"

NN_API void nn_gemm_f32(float *c, const float *a, const float *b, uint32_t rows, uint32_t cols, uint32_t inner) {
  nn_factors f = {.x = a, .step = inner, .next = inner, .line = inner, .b = b, .cols = cols, .inner = inner};
  nn_product(c, &f, rows);
}

NN_API void nn_gemm_i8(int32_t *c, const int8_t *a, const int8_t *b, uint32_t rows, uint32_t cols, uint32_t inner) {
  for (uint32_t n = 0; n < cols; n++) nn_dot_apart_i8(c + n, cols, a, b + (size_t)n * inner, rows, inner);
}

#endif
