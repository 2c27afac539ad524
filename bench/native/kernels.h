// The kernels that every contender runs, as plain C. Matrices lie row by row; requests and answers are bytes.
#pragma once
#include <stddef.h>
#include <stdint.h>

void native_empty(void);
void native_echo(uint8_t *to, const uint8_t *from, size_t n);
int native_back(uintptr_t host, const uint8_t *data, size_t n, int times);

// y[m] = W[m][k] x[k] (+ bias, and relu if asked)
void native_gemv_f32(float *y, const float *w, const float *x, const float *bias, int m, int k, int relu);
void native_gemv_i8(int32_t *y, const int8_t *w, const int8_t *x, int m, int k);
// c[m][n] = a[m][k] b[k][n]
void native_gemm_f32(float *c, const float *a, const float *b, int m, int n, int k);
// c[m][n] = a[m][k] bt[n][k]: the second factor is given transposed, as weights are
void native_gemm_i8(int32_t *c, const int8_t *a, const int8_t *bt, int m, int n, int k);

// The same by bytes, as a plugin would be called.
void native_gemv_f32_bytes(uint8_t *y, const uint8_t *w, const uint8_t *x, int m, int k);
void native_gemv_i8_bytes(uint8_t *y, const uint8_t *w, const uint8_t *x, int m, int k);
void native_gemm_f32_bytes(uint8_t *c, const uint8_t *a, const uint8_t *b, int n);
void native_gemm_i8_bytes(uint8_t *c, const uint8_t *a, const uint8_t *bt, int n);
// 784-256-128-10 with softmax; weights row by output, each layer followed by its bias
void native_digits(uint8_t *p, const uint8_t *weights, const uint8_t *x);
// the same in int8; weights are the plugin's asset
void native_digits_i8(uint8_t *p, const uint8_t *weights, const uint8_t *x);
