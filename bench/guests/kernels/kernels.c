// A model plugin for benchmarks: runs a kernel of nn.h on made-up numbers, as often as asked.
//
// Request: u32 kernel, u32 M, u32 N, u32 K, u32 repetitions (kernels and sizes: numbers.h). Answer: f64, for f32 kernels the mean
// magnitude of the results, for int8 kernels their checksum.
#include "bulkhead.h"
#include "nn.h"
#include "numbers.h"

BULKHEAD_INPUT(20)

static float *a, *b, *c;     // MATRIX each
static int8_t *a8, *b8;      // MATRIX each
static float *weights;       // of the MLP, layer by layer: rows, then biases
static float h1[MLP_HIDDEN1], h2[MLP_HIDDEN2];
static double answer;

BULKHEAD_CONFIGURE {
  a = bulkhead_allocate(MATRIX * sizeof *a);
  b = bulkhead_allocate(MATRIX * sizeof *b);
  c = bulkhead_allocate(MATRIX * sizeof *c);
  a8 = bulkhead_allocate(MATRIX);
  b8 = bulkhead_allocate(MATRIX);
  weights = bulkhead_allocate(MLP_WEIGHTS * sizeof *weights);
  if (!a || !b || !c || !a8 || !b8 || !weights) return bulkhead_fail("no memory");
  fill_f32(a, MATRIX, 1), fill_f32(b, MATRIX, 2), fill_f32(weights, MLP_WEIGHTS, 3);
  fill_i8(a8, MATRIX, 4, 0), fill_i8(b8, MATRIX, 5, 1);
  return bulkhead_answer(0, 0);
}

static void mlp(void) {
  const float *w1 = weights, *b1 = w1 + MLP_INPUTS * MLP_HIDDEN1, *w2 = b1 + MLP_HIDDEN1, *b2 = w2 + MLP_HIDDEN1 * MLP_HIDDEN2;
  const float *w3 = b2 + MLP_HIDDEN2, *b3 = w3 + MLP_HIDDEN2 * MLP_OUTPUTS;
  nn_dense_f32(h1, w1, b, b1, MLP_HIDDEN1, MLP_INPUTS);
  nn_relu_f32(h1, h1, MLP_HIDDEN1);
  nn_dense_f32(h2, w2, h1, b2, MLP_HIDDEN2, MLP_HIDDEN1);
  nn_relu_f32(h2, h2, MLP_HIDDEN2);
  nn_dense_f32(c, w3, h2, b3, MLP_OUTPUTS, MLP_HIDDEN2);
}

// run returns how many results there are.
static uint32_t run(uint32_t kernel, uint32_t m, uint32_t n, uint32_t k) {
  switch (kernel) {
  case GEMV_F32: nn_dense_f32(c, a, b, 0, m, k); return m;
  case GEMV_I8: nn_dot_i8((int32_t *)c, a8, b8, m, k); return m;
  case GEMM_F32: nn_gemm_f32(c, a, b, m, n, k); return m * n;
  case GEMM_I8: nn_gemm_i8((int32_t *)c, a8, b8, m, n, k); return m * n;
  default: mlp(); return MLP_OUTPUTS;
  }
}

static int fits(uint64_t rows, uint64_t cols) { return rows <= MATRIX && cols <= MATRIX && rows * cols <= MATRIX; }

BULKHEAD_HANDLE {
  uint32_t q[5], results = 0;
  if (length != sizeof q) return bulkhead_fail("the request is not five numbers");
  memcpy(q, request, sizeof q);
  if (q[0] >= KERNELS) return bulkhead_fail("no such kernel");
  if (!fits(q[1], q[2]) || !fits(q[1], q[3]) || !fits(q[2], q[3])) return bulkhead_fail("too large");
  for (uint32_t i = 0; i < q[4]; i++) {
    results = run(q[0], q[1], q[2], q[3]);
    __asm__ volatile("" ::: "memory");
  }
  answer = q[0] == GEMV_I8 || q[0] == GEMM_I8 ? sum_i32((int32_t *)c, results) : sum_f32(c, results);
  return bulkhead_answer(&answer, sizeof answer);
}
