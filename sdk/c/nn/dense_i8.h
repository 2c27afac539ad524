// Dense layers in int8. The sums are exact, so their order is free.
#ifndef NN_DENSE_I8_H
#define NN_DENSE_I8_H

#include "shape.h"

enum { NN_I8_ROWS = 4, NN_I8_STEP = 32 };

NN_INLINE int32_t nn_sum_i32(v128_t v) {
  v = wasm_i32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  v = wasm_i32x4_add(v, wasm_i32x4_shuffle(v, v, 1, 0, 3, 2));
  return wasm_i32x4_extract_lane(v, 0);
}

// Sixteen products, added to four sums. The relaxed form may saturate sums of two products, or take x as unsigned: with x from 0 to 127
// neither makes a difference.
#ifdef NN_RELAXED
typedef v128_t nn_i8;
NN_INLINE v128_t nn_take_i8(const int8_t *x) { return wasm_v128_load(x); }
NN_INLINE v128_t nn_products_i8(v128_t sum, const int8_t *w, v128_t x) {
  return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(wasm_v128_load(w), x, sum);
}
#else
typedef struct {
  v128_t low, high;
} nn_i8;
NN_INLINE nn_i8 nn_take_i8(const int8_t *x) {
  v128_t v = wasm_v128_load(x);
  return (nn_i8){wasm_i16x8_extend_low_i8x16(v), wasm_i16x8_extend_high_i8x16(v)};
}
NN_INLINE v128_t nn_products_i8(v128_t sum, const int8_t *w, nn_i8 x) {
  v128_t high = wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w + 8), x.high);
  return wasm_i32x4_add(sum, wasm_i32x4_add(high, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w), x.low)));
}
#endif

// rows is a constant wherever this is inlined. Answers lie next apart.
NN_INLINE void nn_dot_rows_i8(const int rows, int32_t *y, size_t next, const int8_t *w, const int8_t *x, uint32_t cols) {
  v128_t sum[NN_I8_ROWS];
  NN_UNROLLED for (int r = 0; r < rows; r++) sum[r] = wasm_i32x4_splat(0);
  const int8_t *end = x + cols / NN_I8_STEP * NN_I8_STEP;
  NN_ROLLED for (; x != end; x += NN_I8_STEP, w += NN_I8_STEP) {
    nn_i8 second = nn_take_i8(x + 16), first = nn_take_i8(x);
    const int8_t *row = w;
    NN_UNROLLED for (int r = 0; r < rows; r++, row += cols) {
      NN_BARRIER(row);
      sum[r] = nn_products_i8(sum[r], row + 16, second);
      sum[r] = nn_products_i8(sum[r], row, first);
    }
  }
  uint32_t rest = cols % NN_I8_STEP;
  if (rest >= 16) {
    nn_i8 first = nn_take_i8(x);
    NN_UNROLLED for (int r = 0; r < rows; r++) sum[r] = nn_products_i8(sum[r], w + (size_t)r * cols, first);
    x += 16, w += 16;
  }
  NN_UNROLLED for (int r = 0; r < rows; r++) {
    const int8_t *row = w + (size_t)r * cols;
    int32_t total = nn_sum_i32(sum[r]);
    NN_ROLLED for (uint32_t k = 0; k < rest % 16; k++) total += row[k] * x[k];
    y[r * next] = total;
  }
}

// nn_dot_groups works on whole groups of so many rows, and returns how many rows it did.
#define NN_DOT_GROUPS(group)                                                                                            \
  NN_APART uint32_t nn_dot_groups##group(int32_t *y, size_t next, const int8_t *w, const int8_t *x, uint32_t rows, uint32_t cols) { \
    uint32_t m = 0;                                                                                                     \
    for (; rows - m >= group; m += group) nn_dot_rows_i8(group, y + m * next, next, w + (size_t)m * cols, x, cols);     \
    return m;                                                                                                           \
  }
NN_DOT_GROUPS(4)
NN_DOT_GROUPS(1)
#undef NN_DOT_GROUPS

NN_INLINE void nn_dot_apart_i8(int32_t *y, size_t next, const int8_t *w, const int8_t *x, uint32_t rows, uint32_t cols) {
  uint32_t m = nn_dot_groups4(y, next, w, x, rows, cols);
  nn_dot_groups1(y + m * next, next, w + (size_t)m * cols, x, rows - m, cols);
}

NN_API void nn_dot_i8(int32_t *y, const int8_t *w, const int8_t *x, uint32_t rows, uint32_t cols) {
  nn_dot_apart_i8(y, 1, w, x, rows, cols);
}

NN_API void nn_dense_i8(float *y, const int8_t *w, const int8_t *x, const float *scale, const float *bias, uint32_t rows,
                        uint32_t cols) {
  int32_t sums[64];
  for (uint32_t m = 0; m < rows; m += 64) {
    uint32_t n = rows - m < 64 ? rows - m : 64;
    nn_dot_i8(sums, w + (size_t)m * cols, x, n, cols);
    for (uint32_t r = 0; r < n; r++) {
      float product = (float)sums[r] * scale[m + r];
      y[m + r] = bias ? product + bias[m + r] : product;
    }
  }
}

NN_INLINE v128_t nn_quantise4(const float *x, v128_t inverse) {
  nn_f4 v = nn_min(nn_max(nn_all(0), nn_mul(nn_load4(x), inverse)), nn_all(127));
  return wasm_i32x4_trunc_sat_f32x4(nn_nearest(v));
}

NN_API void nn_quantise_i7(int8_t *y, const float *x, float inverse, uint32_t n) {
  v128_t all = nn_all(inverse);
  for (; n >= 16; n -= 16, x += 16, y += 16) {
    v128_t high = wasm_i16x8_narrow_i32x4(nn_quantise4(x + 8, all), nn_quantise4(x + 12, all));
    v128_t low = wasm_i16x8_narrow_i32x4(nn_quantise4(x, all), nn_quantise4(x + 4, all));
    wasm_v128_store(y, wasm_i8x16_narrow_i16x8(low, high));
  }
  for (uint32_t i = 0; i < n; i++) {
    float some[4] = {x[i], 0, 0, 0};
    y[i] = (int8_t)wasm_i32x4_extract_lane(nn_quantise4(some, all), 0);
  }
}

#endif
