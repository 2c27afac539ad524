// The tile: up to four rows of a matrix a times some columns of a matrix b, each sum in a register. Products and convolutions are
// made of it; panel.h brings the rows of a into the form that it reads.
#ifndef NN_TILE_H
#define NN_TILE_H

#include "shape.h"

// A value of a row meets four columns at once. To take it from memory four times over is one instruction on wasmtime; on wazero it is
// four and a check of bounds, so there panels hold every value four times.
#ifdef NN_RELAXED
typedef v128_t nn_value;
NN_INLINE void nn_put_value(nn_value *p, const float *x) { *p = wasm_v128_load32_splat(x); }
NN_INLINE v128_t nn_get_value(const nn_value *p) { return *p; }
enum { NN_UNROLL = 1, NN_WIDE1 = 6, NN_WIDE2 = 3, NN_WIDE4 = 2 };
#else
typedef v128_t nn_value;
NN_INLINE void nn_put_value(nn_value *p, const float *x) { *p = wasm_v128_load32_splat(x); }
NN_INLINE v128_t nn_get_value(const nn_value *p) { return *p; }
enum { NN_UNROLL = 2, NN_WIDE1 = 8, NN_WIDE2 = 4, NN_WIDE4 = 2 };
#endif

// How many vectors of columns a tile of so many rows has: as many sums as there are registers for.
#define NN_WIDE(rows) ((rows) == 4 ? NN_WIDE4 : (rows) == 2 ? NN_WIDE2 : NN_WIDE1)
enum { NN_WIDEST = NN_WIDE1 };

typedef struct {
  v128_t sum[4][NN_WIDEST];
} nn_tile;

NN_INLINE void nn_tile_step(nn_tile *t, const int rows, const int wide, const nn_value *a, const float *b) {
  v128_t in[NN_WIDEST];
  NN_UNROLLED for (int v = wide - 1; v >= 0; v--) in[v] = wasm_v128_load(b + 4 * v);
  NN_UNROLLED for (int r = 0; r < rows; r++) {
    v128_t value = nn_get_value(a + r);
    NN_UNROLLED for (int v = 0; v < wide; v++) NN_MADD(t->sum[r][v], value, in[v]);
  }
}

// nn_tile_run adds a[k][row] * b[k * stride + column] for k from 0 to n. rows and wide are constants where this is inlined.
NN_INLINE void nn_tile_run(nn_tile *t, const int rows, const int wide, const nn_value *a, const float *b, size_t stride, uint32_t n) {
  NN_ROLLED for (; n >= NN_UNROLL; n -= NN_UNROLL, a += NN_UNROLL * rows) {
    NN_UNROLLED for (int u = 0; u < NN_UNROLL; u++, b += stride) nn_tile_step(t, rows, wide, a + u * rows, b);
  }
  NN_ROLLED for (; n; n--, a += rows, b += stride) nn_tile_step(t, rows, wide, a, b);
}

#endif
