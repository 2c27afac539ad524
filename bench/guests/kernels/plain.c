// The same as plain C, for the native compiler: gcc -O3 -march=native -ffast-math. A library with one function.
#include "numbers.h"

static float a[MATRIX], b[MATRIX], c[MATRIX], weights[MLP_WEIGHTS], h1[MLP_HIDDEN1], h2[MLP_HIDDEN2];
static int8_t a8[MATRIX], b8[MATRIX];
static int filled;

// Four rows at a time share the loads of x.
static void gemv_f32(float *restrict y, const float *restrict w, const float *restrict x, const float *restrict bias, uint32_t rows, uint32_t cols, int relu) {
  uint32_t m = 0;
  for (; m + 4 <= rows; m += 4) {
    const float *w0 = w + (uint64_t)m * cols, *w1 = w0 + cols, *w2 = w1 + cols, *w3 = w2 + cols;
    float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (uint32_t k = 0; k < cols; k++) s0 += w0[k] * x[k], s1 += w1[k] * x[k], s2 += w2[k] * x[k], s3 += w3[k] * x[k];
    y[m] = s0, y[m + 1] = s1, y[m + 2] = s2, y[m + 3] = s3;
  }
  for (; m < rows; m++) {
    float sum = 0;
    for (uint32_t k = 0; k < cols; k++) sum += w[(uint64_t)m * cols + k] * x[k];
    y[m] = sum;
  }
  if (bias)
    for (m = 0; m < rows; m++) y[m] += bias[m];
  if (relu)
    for (m = 0; m < rows; m++) y[m] = y[m] > 0 ? y[m] : 0;
}

static void gemv_i8(int32_t *restrict y, const int8_t *restrict w, const int8_t *restrict x, uint32_t rows, uint32_t cols) {
  for (uint32_t m = 0; m < rows; m++) {
    int32_t sum = 0;
    for (uint32_t k = 0; k < cols; k++) sum += w[(uint64_t)m * cols + k] * x[k];
    y[m] = sum;
  }
}

// Four rows and sixteen columns at a time stay in registers.
static void gemm_f32(float *restrict c, const float *restrict a, const float *restrict b, uint32_t rows, uint32_t cols, uint32_t inner) {
  uint32_t m = 0;
  for (; m + 4 <= rows; m += 4) {
    uint32_t n = 0;
    for (; n + 16 <= cols; n += 16) {
      float sum[4][16] = {0};
      for (uint32_t k = 0; k < inner; k++)
        for (uint32_t j = 0; j < 16; j++)
          for (uint32_t i = 0; i < 4; i++) sum[i][j] += a[(uint64_t)(m + i) * inner + k] * b[(uint64_t)k * cols + n + j];
      for (uint32_t i = 0; i < 4; i++)
        for (uint32_t j = 0; j < 16; j++) c[(uint64_t)(m + i) * cols + n + j] = sum[i][j];
    }
    for (; n < cols; n++)
      for (uint32_t i = 0; i < 4; i++) {
        float sum = 0;
        for (uint32_t k = 0; k < inner; k++) sum += a[(uint64_t)(m + i) * inner + k] * b[(uint64_t)k * cols + n];
        c[(uint64_t)(m + i) * cols + n] = sum;
      }
  }
  for (; m < rows; m++)
    for (uint32_t n = 0; n < cols; n++) {
      float sum = 0;
      for (uint32_t k = 0; k < inner; k++) sum += a[(uint64_t)m * inner + k] * b[(uint64_t)k * cols + n];
      c[(uint64_t)m * cols + n] = sum;
    }
}

static void mlp(void) {
  const float *w1 = weights, *b1 = w1 + MLP_INPUTS * MLP_HIDDEN1, *w2 = b1 + MLP_HIDDEN1, *b2 = w2 + MLP_HIDDEN1 * MLP_HIDDEN2;
  const float *w3 = b2 + MLP_HIDDEN2, *b3 = w3 + MLP_HIDDEN2 * MLP_OUTPUTS;
  gemv_f32(h1, w1, b, b1, MLP_HIDDEN1, MLP_INPUTS, 1);
  gemv_f32(h2, w2, h1, b2, MLP_HIDDEN2, MLP_HIDDEN1, 1);
  gemv_f32(c, w3, h2, b3, MLP_OUTPUTS, MLP_HIDDEN2, 0);
}

// plain_run does what a request asks of kernels.c and returns its answer.
double plain_run(uint32_t kernel, uint32_t m, uint32_t n, uint32_t k, uint32_t repetitions) {
  if (!filled) {
    fill_f32(a, MATRIX, 1), fill_f32(b, MATRIX, 2), fill_f32(weights, MLP_WEIGHTS, 3);
    fill_i8(a8, MATRIX, 4, 0), fill_i8(b8, MATRIX, 5, 1);
    filled = 1;
  }
  for (uint32_t i = 0; i < repetitions; i++) {
    switch (kernel) {
    case GEMV_F32: gemv_f32(c, a, b, 0, m, k, 0); break;
    case GEMV_I8: gemv_i8((int32_t *)c, a8, b8, m, k); break;
    case GEMM_F32: gemm_f32(c, a, b, m, n, k); break;
    case GEMM_I8:
      for (uint32_t row = 0; row < m; row++) gemv_i8((int32_t *)c + (uint64_t)row * n, b8, a8 + (uint64_t)row * k, n, k);
      break;
    default: mlp();
    }
    __asm__ volatile("" ::: "memory");
  }
  switch (kernel) {
  case GEMV_F32: return sum_f32(c, m);
  case GEMV_I8: return sum_i32((int32_t *)c, m);
  case GEMM_F32: return sum_f32(c, m * n);
  case GEMM_I8: return sum_i32((int32_t *)c, m * n);
  default: return sum_f32(c, MLP_OUTPUTS);
  }
}
