//go:build wasmtime

#include "kernels.h"

#include <math.h>
#include <string.h>

#include "_cgo_export.h"

void native_empty(void) {}

void native_echo(uint8_t *to, const uint8_t *from, size_t n) { memcpy(to, from, n); }

int native_back(uintptr_t host, const uint8_t *data, size_t n, int times) {
  int failed = 0;
  for (int i = 0; i < times; i++) failed |= benchHost(host, (uint8_t *)data, n);
  return failed;
}

// Four rows at a time share the loads of x; gcc makes vectors of it.
void native_gemv_f32(float *restrict y, const float *restrict w, const float *restrict x, const float *restrict bias, int m, int k, int relu) {
  int i = 0;
  for (; i + 4 <= m; i += 4) {
    const float *w0 = w + (size_t)i * k, *w1 = w0 + k, *w2 = w1 + k, *w3 = w2 + k;
    float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int j = 0; j < k; j++) {
      s0 += w0[j] * x[j];
      s1 += w1[j] * x[j];
      s2 += w2[j] * x[j];
      s3 += w3[j] * x[j];
    }
    y[i] = s0, y[i + 1] = s1, y[i + 2] = s2, y[i + 3] = s3;
  }
  for (; i < m; i++) {
    float s = 0;
    for (int j = 0; j < k; j++) s += w[(size_t)i * k + j] * x[j];
    y[i] = s;
  }
  if (bias)
    for (i = 0; i < m; i++) y[i] += bias[i];
  if (relu)
    for (i = 0; i < m; i++) y[i] = y[i] > 0 ? y[i] : 0;
}

void native_gemv_i8(int32_t *restrict y, const int8_t *restrict w, const int8_t *restrict x, int m, int k) {
  for (int i = 0; i < m; i++) {
    int32_t s = 0;
    for (int j = 0; j < k; j++) s += (int32_t)w[(size_t)i * k + j] * x[j];
    y[i] = s;
  }
}

// Tiles of 4 by 16 stay in registers.
void native_gemm_f32(float *restrict c, const float *restrict a, const float *restrict b, int m, int n, int k) {
  for (int i = 0; i < m; i += 4)
    for (int j = 0; j < n; j += 16) {
      float t[4][16] = {{0}};
      for (int l = 0; l < k; l++) {
        const float *row = b + (size_t)l * n + j;
        for (int r = 0; r < 4; r++)
          for (int q = 0; q < 16; q++) t[r][q] += a[(size_t)(i + r) * k + l] * row[q];
      }
      for (int r = 0; r < 4; r++) memcpy(c + (size_t)(i + r) * n + j, t[r], sizeof t[r]);
    }
}

void native_gemm_i8(int32_t *restrict c, const int8_t *restrict a, const int8_t *restrict bt, int m, int n, int k) {
  for (int i = 0; i < m; i++) native_gemv_i8(c + (size_t)i * n, bt, a + (size_t)i * k, n, k);
}

void native_gemv_f32_bytes(uint8_t *y, const uint8_t *w, const uint8_t *x, int m, int k) {
  native_gemv_f32((float *)y, (const float *)w, (const float *)x, NULL, m, k, 0);
}

void native_gemv_i8_bytes(uint8_t *y, const uint8_t *w, const uint8_t *x, int m, int k) {
  native_gemv_i8((int32_t *)y, (const int8_t *)w, (const int8_t *)x, m, k);
}

void native_gemm_f32_bytes(uint8_t *c, const uint8_t *a, const uint8_t *b, int n) {
  native_gemm_f32((float *)c, (const float *)a, (const float *)b, n, n, n);
}

void native_gemm_i8_bytes(uint8_t *c, const uint8_t *a, const uint8_t *bt, int n) {
  native_gemm_i8((int32_t *)c, (const int8_t *)a, (const int8_t *)bt, n, n, n);
}

static const float *layer(float *out, const float *w, const float *in, int m, int k, int relu) {
  native_gemv_f32(out, w, in, w + (size_t)m * k, m, k, relu);
  return w + (size_t)m * k + m;
}

void native_digits(uint8_t *p, const uint8_t *weights, const uint8_t *x) {
  float h1[256], h2[128], y[10], sum = 0, top;
  const float *w = layer(h1, (const float *)weights, (const float *)x, 256, 784, 1);
  w = layer(h2, w, h1, 128, 256, 1);
  layer(y, w, h2, 10, 128, 0);
  top = y[0];
  for (int i = 1; i < 10; i++) top = y[i] > top ? y[i] : top;
  for (int i = 0; i < 10; i++) sum += y[i] = expf(y[i] - top);
  for (int i = 0; i < 10; i++) y[i] /= sum;
  memcpy(p, y, sizeof y);
}
