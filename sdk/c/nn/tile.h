// The tile that matrix products and convolutions are made of: up to four rows of a times some columns of b, summed in the order of k
// from +0.
#ifndef NN_TILE_H
#define NN_TILE_H

#include "shape.h"

enum { NN_TILE_ROWS = 4, NN_TILE_VECTORS = 2 };

// A nn_tile holds sums, rows by vectors of four columns.
typedef struct {
  v128_t sum[NN_TILE_ROWS][NN_TILE_VECTORS];
} nn_tile;

// nn_tile_add adds a[r * stride + k] * b[k * cols + column] for k from 0 to n. rows and vectors are constants.
NN_INLINE void nn_tile_add(nn_tile *t, const int rows, const int vectors, const float *a, size_t stride, const float *b, size_t cols,
                           uint32_t n) {
  const float *row[NN_TILE_ROWS];
  NN_UNROLLED for (int r = 0; r < rows; r++) row[r] = a + r * stride;
  NN_ROLLED for (; n; n--, b += cols) {
    v128_t in[NN_TILE_VECTORS];
    NN_UNROLLED for (int v = vectors - 1; v >= 0; v--) in[v] = wasm_v128_load(b + 4 * v);
    NN_UNROLLED for (int r = 0; r < rows; r++) {
      v128_t value = wasm_v128_load32_splat(row[r]++);
      NN_UNROLLED for (int v = 0; v < vectors; v++) NN_MADD(t->sum[r][v], value, in[v]);
    }
  }
}

// nn_column_add does it for one row and one column.
NN_INLINE float nn_column_add(float sum, const float *a, const float *b, size_t cols, uint32_t n) {
  for (; n; n--, a++, b += cols) sum += *a * *b;
  return sum;
}

#endif
