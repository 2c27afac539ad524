// nn.h: the kernels of small neural networks, for WebAssembly and, as their own reference, for any C compiler.
//
// One source, three variants with the same functions and the same bits:
//
//     (default)     128-bit SIMD, in the shapes that wazero compiles best; every engine runs it
//     NN_RELAXED    with -mrelaxed-simd: the shapes that wasmtime compiles best, and the relaxed int8 dot product, used so
//                   that its answer is the same on every machine
//     NN_SCALAR     plain C without intrinsics, the reference; natively, compile it with -ffp-contract=off
//
// The order of every floating-point operation is part of the contract, so results do not depend on variant, engine or machine. What
// a NaN looks like does. NN_FMA, with NN_RELAXED only, allows fused multiply-add in f32 kernels: faster where
// the machine has it, and then the bits are the machine's own.
//
// Everywhere: matrices are dense, row by row, without padding. No alignment is needed beyond that of the element; 16 bytes
// are faster. Any size may be 0 and any size may be odd. Nothing outside the arrays is read or written. Arrays that are
// written overlap no others, unless it says so. Sizes are elements; an array has at most 2^28 of them.
#ifndef NN_H
#define NN_H

#include <stddef.h>
#include <stdint.h>

#define NN_API __attribute__((unused)) static

// Dense layers.

// nn_dense_f32: y[m] = sum over k of w[m][k] * x[k], + bias[m]. w is [rows][cols]; bias may be 0, and may be y.
//
// The sum: lane l of four adds w[m][k] * x[k], k = l, l+4, l+8, ..., to +0; then (lane 0 + lane 2) + (lane 1 + lane 3).
NN_API void nn_dense_f32(float *y, const float *w, const float *x, const float *bias, uint32_t rows, uint32_t cols);

// nn_dense_i8: y[m] = (float)(sum over k of w[m][k] * x[k]) * scale[m] + bias[m]. The sum is an exact int32. Every x
// MUST be 0 to 127 (see nn_quantise_i7): another value gives another sum in another variant. w may be anything, -128 too. cols
// is at most 131072, which no sum overflows. scale is one per row; bias may be 0.
NN_API void nn_dense_i8(float *y, const int8_t *w, const int8_t *x, const float *scale, const float *bias, uint32_t rows,
                        uint32_t cols);

// nn_dot_i8 gives the sums of nn_dense_i8 as they are.
NN_API void nn_dot_i8(int32_t *y, const int8_t *w, const int8_t *x, uint32_t rows, uint32_t cols);

// nn_quantise_i7: y = x * inverse, rounded to nearest, ties to even, and held between 0 and 127; NaN is 0. What is below 0 becomes 0,
// so a ReLU before it is part of it.
NN_API void nn_quantise_i7(int8_t *y, const float *x, float inverse, uint32_t n);

// Matrix products.

// nn_gemm_f32: c[m][n] = sum over k of a[m][k] * b[k][n]. a is [rows][inner], b is [inner][cols], c is [rows][cols].
// The sum starts from +0 and adds in the order of k.
NN_API void nn_gemm_f32(float *c, const float *a, const float *b, uint32_t rows, uint32_t cols, uint32_t inner);

// nn_gemm_i8: c[m][n] = sum over k of a[m][k] * b[n][k]. b is transposed, [cols][inner]: both are read along k. Of b every value
// MUST be 0 to 127; otherwise as nn_dot_i8.
NN_API void nn_gemm_i8(int32_t *c, const int8_t *a, const int8_t *b, uint32_t rows, uint32_t cols, uint32_t inner);

// Convolutions. Channels come last: x is [height][width][in], y is [height][width][out], w is [kernel rows][kernel columns][in][out].
// There is no padding: surround x with zeros where a model wants some. bias, one per out channel, may be 0.

typedef struct {
  uint32_t height, width, in; // of x; in: channels
  uint32_t out;               // channels of y
  uint32_t rows, cols;        // of the kernel
  uint32_t down, right;       // strides, at least 1
} nn_conv2d;

// nn_conv2d_height and nn_conv2d_width say how large y is: 0 where x is smaller than the kernel.
NN_API uint32_t nn_conv2d_height(const nn_conv2d *s);
NN_API uint32_t nn_conv2d_width(const nn_conv2d *s);

// nn_conv2d_f32: y[i][j][o] = sum over kernel rows, kernel columns and in channels, in this order, of x * w, from +0; + bias[o].
NN_API void nn_conv2d_f32(float *y, const float *x, const float *w, const float *bias, const nn_conv2d *s);

// nn_conv1d_f32: the same over one dimension: x is [length][in], w is [kernel][in][out], y is [(length - kernel) / stride + 1][out], or empty.
NN_API void nn_conv1d_f32(float *y, const float *x, const float *w, const float *bias, uint32_t length, uint32_t in,
                          uint32_t out, uint32_t kernel, uint32_t stride);

// Activations. y may be x. They use no libm: every operation is an IEEE one, so the bits are the same everywhere. NaN gives NaN.

NN_API void nn_relu_f32(float *y, const float *x, uint32_t n); // max(x, 0); -0 stays -0

// nn_exp_f32: relative error at most 2^-22 for x in [-87.3, 88.3]; outside, the value at the nearer end.
NN_API void nn_exp_f32(float *y, const float *x, uint32_t n);

// nn_sigmoid_f32: 1 / (1 + exp(-x)), relative error at most 2^-22 down to x = -87.
NN_API void nn_sigmoid_f32(float *y, const float *x, uint32_t n);

// nn_tanh_f32: relative error at most 2^-21.
NN_API void nn_tanh_f32(float *y, const float *x, uint32_t n);

// nn_softmax_f32: exp(x - max) / sum of those, added in order. For n up to 1000 the error is at most 2^-19, and relative to the value at
// most 2^-17, as long as x - max is above -87. With a NaN in x there is no promise.
NN_API void nn_softmax_f32(float *y, const float *x, uint32_t n);

// nn_outside_f32 returns the position of the first x that is not a number from low to high, n if there is none: for models that
// check their input.
NN_API uint32_t nn_outside_f32(const float *x, float low, float high, uint32_t n);

// Recurrence.

// nn_lstm_f32 moves an LSTM cell by one step. Gates come in the order input, forget, cell, output (PyTorch's):
//
//     i, f, o = sigmoid(w x + r h + bias), g = tanh(w x + r h + bias);  c = f * c + i * g;  h = o * tanh(c)
//
// w is [4 * cells][inputs], r is [4 * cells][cells], bias is [4 * cells], gates has room for 4 * cells values. h and c are
// read and written, x is not h. Sums: w x + bias as nn_dense_f32, to which r h is added as its bias.
NN_API void nn_lstm_f32(float *h, float *c, const float *x, const float *w, const float *r, const float *bias, uint32_t inputs,
                        uint32_t cells, float *gates);

#if defined(NN_FMA) && !defined(NN_RELAXED)
#error "NN_FMA needs NN_RELAXED"
#endif
#if defined(NN_RELAXED) && !defined(__wasm_relaxed_simd__)
#error "NN_RELAXED needs -mrelaxed-simd"
#endif

#include "nn/lanes.h"

#include "nn/activation.h"
#ifdef NN_SCALAR
#include "nn/scalar.h"
#else
#include "nn/conv.h"
#include "nn/dense_f32.h"
#include "nn/dense_i8.h"
#include "nn/gemm.h"
#endif
#include "nn/lstm.h"

#endif
