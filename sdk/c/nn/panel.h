// Products by blocks: c[m][n] = sum over k of a(m, k) * b[k][n], + bias[n], where a row of a is what the kernel of a convolution covers,
// line by line. Values of a are brought together in a panel, once for all columns; b is read where it lies, or brought
// together too if several tiles meet it.
#ifndef NN_PANEL_H
#define NN_PANEL_H

#include "tile.h"

// What is multiplied. a(m, k) is x[m * step + k / line * next + k % line].
typedef struct {
  const float *x;
  size_t step, next;
  uint32_t line;
  const float *b, *bias; // bias may be 0
  uint32_t cols, inner;
} nn_factors;

// A block is the part of inner that is summed at once; sums between blocks lie in c.
typedef struct {
  uint32_t k, n;
  int first, last; // of its rows
} nn_block;

enum { NN_BLOCK = 128, NN_TILES = 4 };

static nn_value nn_panel[NN_TILES][NN_BLOCK * 4];
static _Alignas(16) float nn_columns[NN_BLOCK * 4 * NN_WIDEST];

// nn_fill_panel brings rows of a together: [k][row].
NN_INLINE void nn_fill_panel(nn_value *panel, const int rows, const nn_factors *f, uint32_t m, const nn_block *block) {
  if (!block->n) return;
  uint32_t at = block->k % f->line;
  const float *x = f->x + m * f->step + block->k / f->line * f->next + at;
  NN_ROLLED for (uint32_t k = 0; k < block->n; k++, x++, at++, panel += rows) {
    if (at == f->line) at = 0, x += f->next - f->line;
    NN_UNROLLED for (int r = 0; r < rows; r++) nn_put_value(panel + r, x + r * f->step);
  }
}

// nn_fill_columns brings columns of b together, with zeros up to wide vectors.
NN_INLINE void nn_fill_columns(const int wide, const nn_factors *f, uint32_t column, uint32_t columns, const nn_block *block) {
  const float *from = f->b + (size_t)block->k * f->cols + column;
  float *to = nn_columns;
  for (uint32_t k = 0; k < block->n; k++, from += f->cols, to += 4 * wide) {
    if (columns == 4u * wide) {
      NN_UNROLLED for (int v = wide - 1; v >= 0; v--) wasm_v128_store(to + 4 * v, wasm_v128_load(from + 4 * v));
      continue;
    }
    for (uint32_t n = 0; n < 4u * wide; n++) to[n] = n < columns ? from[n] : 0;
  }
}

// nn_panel_tile works on a full tile; c has rows of cols values.
NN_INLINE void nn_panel_tile(const int rows, const int wide, float *c, size_t cols, const nn_value *panel, const float *b, size_t stride,
                             const float *bias, const nn_block *block) {
  nn_tile t;
  NN_UNROLLED for (int r = 0; r < rows; r++) NN_UNROLLED for (int v = wide - 1; v >= 0; v--) {
    t.sum[r][v] = block->first ? wasm_f32x4_splat(0) : wasm_v128_load(c + r * cols + 4 * v);
  }
  nn_tile_run(&t, rows, wide, panel, b, stride, block->n);
  NN_UNROLLED for (int r = 0; r < rows; r++) NN_UNROLLED for (int v = wide - 1; v >= 0; v--) {
    v128_t sum = t.sum[r][v];
    if (block->last && bias) sum = wasm_f32x4_add(sum, wasm_v128_load(bias + 4 * v));
    wasm_v128_store(c + r * cols + 4 * v, sum);
  }
}

#define NN_PANEL_TILE(rows)                                                                                        \
  NN_APART void nn_panel_tile##rows(float *c, size_t cols, const nn_value *panel, const float *b, size_t stride,   \
                                    const float *bias, const nn_block *block) {                                    \
    nn_panel_tile(rows, NN_WIDE(rows), c, cols, panel, b, stride, bias, block);                                    \
  }
NN_PANEL_TILE(1)
NN_PANEL_TILE(2)
NN_PANEL_TILE(4)
#undef NN_PANEL_TILE

NN_INLINE void nn_panel_any(const int rows, float *c, size_t cols, const nn_value *panel, const float *b, size_t stride, const float *bias,
                            const nn_block *block) {
  (rows == 4 ? nn_panel_tile4 : rows == 2 ? nn_panel_tile2 : nn_panel_tile1)(c, cols, panel, b, stride, bias, block);
}

// nn_panel_edge works on a tile of which only some columns are there, in nn_columns.
NN_INLINE void nn_panel_edge(const int rows, const int wide, float *c, size_t cols, uint32_t columns, const nn_value *panel, const float *bias,
                             const nn_block *block) {
  float part[4 * 4 * NN_WIDEST], wider[4 * NN_WIDEST];
  for (uint32_t n = 0; n < 4u * wide; n++) {
    wider[n] = bias && n < columns ? bias[n] : 0;
    for (int r = 0; r < rows; r++) part[r * 4 * wide + n] = !block->first && n < columns ? c[r * cols + n] : 0;
  }
  nn_panel_any(rows, part, 4 * wide, panel, nn_columns, 4 * wide, bias ? wider : 0, block);
  for (int r = 0; r < rows; r++)
    for (uint32_t n = 0; n < columns; n++) c[r * cols + n] = part[r * 4 * wide + n];
}

// nn_panel_block adds one block to tiles of rows rows each, from row m on.
NN_INLINE void nn_panel_block(const int rows, uint32_t tiles, float *c, const nn_factors *f, uint32_t m, const nn_block *block) {
  const int wide = NN_WIDE(rows);
  for (uint32_t t = 0; t < tiles; t++) nn_fill_panel(nn_panel[t], rows, f, m + t * rows, block);
  for (uint32_t n = 0; n < f->cols; n += 4 * wide) {
    uint32_t columns = f->cols - n < 4u * wide ? f->cols - n : 4u * wide;
    const float *b = f->b + (size_t)block->k * f->cols + n, *bias = f->bias ? f->bias + n : 0;
    size_t stride = f->cols;
    if (tiles > 1 || columns < 4u * wide) {
      nn_fill_columns(wide, f, n, columns, block);
      b = nn_columns, stride = 4 * wide;
    }
    for (uint32_t t = 0; t < tiles; t++) {
      float *to = c + (size_t)(m + t * rows) * f->cols + n;
      if (columns == 4u * wide)
        nn_panel_any(rows, to, f->cols, nn_panel[t], b, stride, bias, block);
      else
        nn_panel_edge(rows, wide, to, f->cols, columns, nn_panel[t], bias, block);
    }
  }
}

NN_INLINE void nn_panel_rows(const int rows, uint32_t tiles, float *c, const nn_factors *f, uint32_t m) {
  nn_block block = {0};
  do {
    block.n = f->inner - block.k < NN_BLOCK ? f->inner - block.k : NN_BLOCK;
    block.first = block.k == 0, block.last = block.k + block.n == f->inner;
    nn_panel_block(rows, tiles, c, f, m, &block);
    block.k += block.n;
  } while (!block.last);
}

// nn_product sets rows rows of c.
NN_APART void nn_product(float *c, const nn_factors *f, uint32_t rows) {
  uint32_t m = 0;
  while (rows - m >= 4) {
    uint32_t tiles = (rows - m) / 4 < NN_TILES ? (rows - m) / 4 : NN_TILES;
    nn_panel_rows(4, tiles, c, f, m);
    m += 4 * tiles;
  }
  if (rows - m >= 2) {
    nn_panel_rows(2, 1, c, f, m);
    m += 2;
  }
  if (rows - m) nn_panel_rows(1, 1, c, f, m);
}

#endif
