// Dense layers on several windows at once, so that each weight is read once for all of them: the first two convolutions, half of
// the model's work. The sums are those of nn_dense_f32, in the same order, so that the bits are the same.
//
// All numbers are constants where these functions are inlined, so that every address is a pointer and a constant.
#ifndef VAD_WINDOWS_H
#define VAD_WINDOWS_H

#include "nn.h"

#ifdef NN_SCALAR

NN_INLINE void vad_windows(const int windows, const int group, float *y, const int apart, const float *w, const float *x,
                           const int stride, const float *bias, const int rows, const int cols) {
  (void)group;
  for (int t = 0; t < windows; t++) nn_dense_f32(y + t * apart, w, x + t * stride, bias, rows, cols);
}

#else

enum { VAD_STEP = 8 }; // values of a window in one go

NN_INLINE void vad_window_rows(const int windows, const int group, float *y, const int apart, const float *w, const float *x,
                               const int stride, const float *bias, const int cols) {
  nn_f4 sum[group][windows];
  NN_UNROLLED for (int r = 0; r < group; r++) NN_UNROLLED for (int t = 0; t < windows; t++) sum[r][t] = nn_all(0);
  const float *end = x + cols;
  NN_ROLLED for (; x != end; x += VAD_STEP, w += VAD_STEP)
    NN_UNROLLED for (int k = 0; k < VAD_STEP; k += 4) {
      nn_f4 in[windows];
      NN_UNROLLED for (int t = windows - 1; t >= 0; t--) in[t] = nn_load4(x + t * stride + k);
      NN_UNROLLED for (int r = group - 1; r >= 0; r--) {
        nn_f4 weight = nn_load4(w + r * cols + k);
        NN_UNROLLED for (int t = 0; t < windows; t++) NN_MADD(sum[r][t], weight, in[t]);
      }
      __asm__ volatile("" ::: "memory"); // lest the loads of the next values come before these sums, and take their registers
    }
  NN_UNROLLED for (int r = 0; r < group; r++) NN_UNROLLED for (int t = 0; t < windows; t++)
    y[t * apart + r] = nn_sum4(sum[r][t]) + bias[r];
}

// vad_windows: y[t * apart + m] = sum over k of w[m][k] * x[t * stride + k], + bias[m]. group divides rows, VAD_STEP divides
// cols; group times windows sums, windows values and a weight should fit in 16 registers.
NN_INLINE void vad_windows(const int windows, const int group, float *y, const int apart, const float *w, const float *x,
                           const int stride, const float *bias, const int rows, const int cols) {
  NN_ROLLED for (int m = 0; m < rows; m += group)
    vad_window_rows(windows, group, y + m, apart, w + m * cols, x, stride, bias + m, cols);
}

#endif
#endif
