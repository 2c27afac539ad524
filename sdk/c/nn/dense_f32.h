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
enum { NN_DENSE_STEP = 8 };
#else
enum { NN_DENSE_STEP = 16 };
#endif
enum { NN_DENSE_ROWS = 4 };

// rows is a constant wherever this is inlined.
NN_INLINE void nn_dense_rows_f32(const int rows, float *y, const float *w, const float *x, const float *bias, uint32_t cols) {
  v128_t sum[NN_DENSE_ROWS];
  NN_UNROLLED for (int r = 0; r < rows; r++) sum[r] = wasm_f32x4_splat(0);
  const float *end = x + cols / NN_DENSE_STEP * NN_DENSE_STEP;
  NN_ROLLED for (; x != end; x += NN_DENSE_STEP, w += NN_DENSE_STEP) {
    v128_t in[NN_DENSE_STEP / 4];
    NN_UNROLLED for (int u = NN_DENSE_STEP / 4 - 1; u >= 0; u--) in[u] = wasm_v128_load(x + 4 * u);
    const float *row = w;
    NN_UNROLLED for (int r = 0; r < rows; r++, row += cols) {
      v128_t weights[NN_DENSE_STEP / 4];
      NN_BARRIER(row);
      NN_UNROLLED for (int u = NN_DENSE_STEP / 4 - 1; u >= 0; u--) weights[u] = wasm_v128_load(row + 4 * u);
      NN_UNROLLED for (int u = 0; u < NN_DENSE_STEP / 4; u++) NN_MADD(sum[r], weights[u], in[u]);
    }
  }
  uint32_t rest = cols % NN_DENSE_STEP;
  NN_ROLLED for (; rest >= 4; rest -= 4, x += 4, w += 4) {
    v128_t in = wasm_v128_load(x);
    NN_UNROLLED for (int r = 0; r < rows; r++) NN_MADD(sum[r], wasm_v128_load(w + (size_t)r * cols), in);
  }
  if (rest) {
    v128_t in = nn_load_some(x, rest);
    NN_UNROLLED for (int r = 0; r < rows; r++) NN_MADD(sum[r], nn_load_some(w + (size_t)r * cols, rest), in);
  }
  NN_UNROLLED for (int r = 0; r < rows; r++) y[r] = bias ? nn_sum4(sum[r]) + bias[r] : nn_sum4(sum[r]);
}

// nn_dense_groups works on whole groups of so many rows, and returns how many rows it did.
#define NN_DENSE_GROUPS(group)                                                                                              \
  NN_APART uint32_t nn_dense_groups##group(float *y, const float *w, const float *x, const float *bias, uint32_t rows, uint32_t cols) { \
    uint32_t m = 0;                                                                                                         \
    for (; rows - m >= group; m += group)                                                                                   \
      nn_dense_rows_f32(group, y + m, w + (size_t)m * cols, x, bias ? bias + m : 0, cols);                                  \
    return m;                                                                                                               \
  }
NN_DENSE_GROUPS(4)
NN_DENSE_GROUPS(1)
#undef NN_DENSE_GROUPS

NN_API void nn_dense_f32(float *y, const float *w, const float *x, const float *bias, uint32_t rows, uint32_t cols) {
  uint32_t m = nn_dense_groups4(y, w, x, bias, rows, cols);
  nn_dense_groups1(y + m, w + (size_t)m * cols, x, bias ? bias + m : 0, rows - m, cols);
}

#endif
