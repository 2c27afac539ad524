// Dense layers in f32: several rows share each load of x.
#ifndef NN_DENSE_F32_H
#define NN_DENSE_F32_H

#include "shape.h"

// (lane 0 + lane 2) + (lane 1 + lane 3)
NN_INLINE float nn_sum4(v128_t v) {
  v = wasm_f32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  return wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1);
}

#ifdef NN_RELAXED
enum { NN_DENSE_ROWS = 6, NN_DENSE_STEP = 4 };
#else
enum { NN_DENSE_ROWS = 4, NN_DENSE_STEP = 16 };
#endif

// rows is a constant wherever this is inlined.
NN_INLINE void nn_dense_rows_f32(const int rows, float *y, const float *w, const float *x, const float *bias, uint32_t cols) {
  v128_t sum[NN_DENSE_ROWS];
  const float *row[NN_DENSE_ROWS];
  NN_UNROLLED for (int r = 0; r < rows; r++) {
    sum[r] = wasm_f32x4_splat(0);
    row[r] = w + (size_t)r * cols;
  }
  const float *end = x + cols / NN_DENSE_STEP * NN_DENSE_STEP;
  NN_ROLLED for (; x != end; x += NN_DENSE_STEP) {
    v128_t in[NN_DENSE_STEP / 4];
    NN_UNROLLED for (int u = NN_DENSE_STEP / 4 - 1; u >= 0; u--) in[u] = wasm_v128_load(x + 4 * u);
    NN_UNROLLED for (int r = 0; r < rows; r++) {
      v128_t weights[NN_DENSE_STEP / 4];
      NN_BARRIER(row[r]);
      NN_UNROLLED for (int u = NN_DENSE_STEP / 4 - 1; u >= 0; u--) weights[u] = wasm_v128_load(row[r] + 4 * u);
      NN_UNROLLED for (int u = 0; u < NN_DENSE_STEP / 4; u++) NN_MADD(sum[r], weights[u], in[u]);
      row[r] += NN_DENSE_STEP;
    }
  }
  uint32_t rest = cols % NN_DENSE_STEP;
  NN_ROLLED for (; rest >= 4; rest -= 4, x += 4) {
    v128_t in = wasm_v128_load(x);
    NN_UNROLLED for (int r = 0; r < rows; r++, row[r - 1] += 4) NN_MADD(sum[r], wasm_v128_load(row[r]), in);
  }
  if (rest) {
    v128_t in = nn_load_some(x, rest);
    NN_UNROLLED for (int r = 0; r < rows; r++) NN_MADD(sum[r], nn_load_some(row[r], rest), in);
  }
  NN_UNROLLED for (int r = 0; r < rows; r++) y[r] = bias ? nn_sum4(sum[r]) + bias[r] : nn_sum4(sum[r]);
}

NN_API void nn_dense_f32(float *y, const float *w, const float *x, const float *bias, uint32_t rows, uint32_t cols) {
  uint32_t m = 0;
#define NN_ROWS(n)                                                                                            \
  for (; rows - m >= n; m += n) nn_dense_rows_f32(n, y + m, w + (size_t)m * cols, x, bias ? bias + m : 0, cols)
  NN_ROWS(NN_DENSE_ROWS);
  NN_ROWS(2);
  NN_ROWS(1);
#undef NN_ROWS
}

#endif
