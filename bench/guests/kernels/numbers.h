// The numbers that every contender computes with, and how answers are compared: the same in a guest and natively.
#include <stdint.h>

enum {
  GEMV_F32, // y[M] = w[M][K] x[K]
  GEMV_I8,  // the same in int8, sums in int32
  GEMM_F32, // c[M][N] = a[M][K] b[K][N]
  GEMM_I8,  // c[M][N] = a[M][K] b[N][K], b transposed
  MLP_F32,  // 784-256-128-10 with ReLU, without softmax
  KERNELS,
};

enum { MLP_INPUTS = 784, MLP_HIDDEN1 = 256, MLP_HIDDEN2 = 128, MLP_OUTPUTS = 10 };
enum { MLP_WEIGHTS = MLP_INPUTS * MLP_HIDDEN1 + MLP_HIDDEN1 + MLP_HIDDEN1 * MLP_HIDDEN2 + MLP_HIDDEN2 + MLP_HIDDEN2 * MLP_OUTPUTS + MLP_OUTPUTS };

// Neither matrix of a request has more than MATRIX elements, nor has the answer.
enum { MATRIX = 1 << 20 };

// fill draws n numbers between -1 and 1: float a and b.
static void fill_f32(float *p, uint32_t n, uint32_t seed) {
  for (uint32_t i = 0; i < n; i++) {
    seed = seed * 1664525 + 1013904223;
    p[i] = (float)(int32_t)seed * 0x1p-31f;
  }
}

// Weights are -127 to 127, activations 0 to 127.
static void fill_i8(int8_t *p, uint32_t n, uint32_t seed, int activations) {
  for (uint32_t i = 0; i < n; i++) {
    seed = seed * 1664525 + 1013904223;
    int32_t v = (int32_t)(seed >> 24) - 128;
    p[i] = (int8_t)(activations ? v & 127 : v < -127 ? -127 : v);
  }
}

// sum_i32 is the checksum of int8 kernels: equal everywhere. sum_f32 is that of f32 ones: their mean magnitude, for orders of summation differ
// between contenders.
static uint32_t sum_i32(const int32_t *p, uint32_t n) {
  uint32_t sum = 2166136261;
  for (uint32_t i = 0; i < n; i++) sum = (sum ^ (uint32_t)p[i]) * 16777619;
  return sum;
}
static double sum_f32(const float *p, uint32_t n) {
  double sum = 0;
  for (uint32_t i = 0; i < n; i++) sum += p[i] < 0 ? -p[i] : p[i];
  return n ? sum / n : 0;
}
