// The short-time Fourier transform: how strong 129 frequencies are at four moments of a frame.
//
// The model has it as a convolution with 258 rows of 256 weights, which is a Fourier transform under a window; the command
// extract sees to that. So it is done as one, four moments side by side in the lanes of a vector: real 256 points as
// complex 128, in three steps of radix 4 and one of radix 2 (Stockham's order, which needs no permutation).
#ifndef VAD_SPECTRUM_H
#define VAD_SPECTRUM_H

#include "nn.h"

enum {
  VAD_POINTS = 256, // of one transform
  VAD_HALF = VAD_POINTS / 2,
  VAD_HOP = 128, // from moment to moment
  VAD_MOMENTS = 4,
  VAD_BINS = VAD_HALF + 1,
  VAD_BIN_STRIDE = 132, // from moment to moment in the result: the bins, and three zeros
  VAD_SAMPLES = 640,    // what four moments look at
};

typedef struct {
  nn_f4 re, im;
} vad_complex;

typedef struct {
  float window[VAD_POINTS];        // halved
  float roots[3 * VAD_HALF / 2][2]; // e^(-2 pi i j / 256) as real and imaginary part
} vad_transform;

#ifdef NN_SCALAR
NN_INLINE nn_f4 vad_sqrt(nn_f4 a) { NN_LANEWISE(__builtin_sqrtf(a.l[i])); }
NN_INLINE void vad_transpose(nn_f4 v[4]) {
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < i; j++) {
      float swap = v[i].l[j];
      v[i].l[j] = v[j].l[i];
      v[j].l[i] = swap;
    }
}
#else
NN_INLINE nn_f4 vad_sqrt(nn_f4 a) { return wasm_f32x4_sqrt(a); }
NN_INLINE void vad_transpose(nn_f4 v[4]) {
  nn_f4 a = wasm_i32x4_shuffle(v[0], v[1], 0, 4, 1, 5), b = wasm_i32x4_shuffle(v[2], v[3], 0, 4, 1, 5);
  nn_f4 c = wasm_i32x4_shuffle(v[0], v[1], 2, 6, 3, 7), d = wasm_i32x4_shuffle(v[2], v[3], 2, 6, 3, 7);
  v[0] = wasm_i64x2_shuffle(a, b, 0, 2);
  v[1] = wasm_i64x2_shuffle(a, b, 1, 3);
  v[2] = wasm_i64x2_shuffle(c, d, 0, 2);
  v[3] = wasm_i64x2_shuffle(c, d, 1, 3);
}
#endif

NN_INLINE vad_complex vad_plus(vad_complex a, vad_complex b) {
  return (vad_complex){nn_add(a.re, b.re), nn_add(a.im, b.im)};
}
NN_INLINE vad_complex vad_minus(vad_complex a, vad_complex b) {
  return (vad_complex){nn_sub(a.re, b.re), nn_sub(a.im, b.im)};
}
NN_INLINE vad_complex vad_turn(vad_complex a, const float root[2]) { // a times a root of unity
  nn_f4 re = nn_all(root[0]), im = nn_all(root[1]);
  return (vad_complex){nn_sub(nn_mul(a.re, re), nn_mul(a.im, im)), nn_add(nn_mul(a.re, im), nn_mul(a.im, re))};
}

// vad_gather multiplies the samples by the window; two that follow each other become one complex number.
NN_API void vad_gather(vad_complex z[VAD_HALF], const float *samples, const float *window) {
  for (int n = 0; n < VAD_POINTS; n += 4) {
    nn_f4 w = nn_load4(window + n), v[4];
    for (int t = 0; t < VAD_MOMENTS; t++) v[t] = nn_mul(nn_load4(samples + n + VAD_HOP * t), w);
    vad_transpose(v);
    z[n / 2] = (vad_complex){v[0], v[1]};
    z[n / 2 + 1] = (vad_complex){v[2], v[3]};
  }
}

// vad_radix4 turns step transforms of length points into 4 * step of a quarter of it.
NN_INLINE void vad_radix4(vad_complex *out, const vad_complex *in, const vad_transform *of, int points, int step) {
  int quarter = points / 4;
  for (int p = 0; p < quarter; p++) {
    const float *one = of->roots[2 * p * step], *two = of->roots[4 * p * step], *three = of->roots[6 * p * step];
    for (int q = 0; q < step; q++) {
      const vad_complex *from = in + q + step * p;
      vad_complex *to = out + q + step * 4 * p;
      vad_complex a = from[0], b = from[step * quarter], c = from[2 * step * quarter], d = from[3 * step * quarter];
      vad_complex ac = vad_plus(a, c), bd = vad_plus(b, d), a_c = vad_minus(a, c), b_d = vad_minus(b, d);
      vad_complex ib_d = {nn_neg(b_d.im), b_d.re};
      to[0] = vad_plus(ac, bd);
      to[step] = vad_turn(vad_minus(a_c, ib_d), one);
      to[2 * step] = vad_turn(vad_minus(ac, bd), two);
      to[3 * step] = vad_turn(vad_plus(a_c, ib_d), three);
    }
  }
}

NN_INLINE void vad_radix2(vad_complex *out, const vad_complex *in) {
  for (int q = 0; q < VAD_HALF / 2; q++) {
    vad_complex a = in[q], b = in[q + VAD_HALF / 2];
    out[q] = vad_plus(a, b);
    out[q + VAD_HALF / 2] = vad_minus(a, b);
  }
}

NN_INLINE nn_f4 vad_magnitude(vad_complex a) { return vad_sqrt(nn_add(nn_mul(a.re, a.re), nn_mul(a.im, a.im))); }

// vad_split takes frequencies k and 128 - k of the real transform out of the complex one: the even and the odd samples' parts.
NN_INLINE void vad_split(nn_f4 *low, nn_f4 *high, vad_complex a, vad_complex b, const float root[2]) {
  vad_complex even = {nn_add(a.re, b.re), nn_sub(a.im, b.im)};
  vad_complex odd = vad_turn((vad_complex){nn_add(a.im, b.im), nn_sub(b.re, a.re)}, root); // -i (a - conjugate b)
  *low = vad_magnitude(vad_plus(even, odd));
  *high = vad_magnitude(vad_minus(even, odd));
}

// vad_spectrum writes the magnitudes of moment t to rows[t].
NN_API void vad_spectrum(float rows[VAD_MOMENTS][VAD_BIN_STRIDE], const float *samples, const vad_transform *of) {
  static vad_complex a[VAD_HALF], b[VAD_HALF];
  static nn_f4 strength[VAD_BIN_STRIDE]; // the last three stay zeros
  vad_gather(a, samples, of->window);
  vad_radix4(b, a, of, 128, 1);
  vad_radix4(a, b, of, 32, 4);
  vad_radix4(b, a, of, 8, 16);
  vad_radix2(a, b);
  for (int k = 0; k <= VAD_HALF / 2; k++)
    vad_split(&strength[k], &strength[VAD_HALF - k], a[k], a[(VAD_HALF - k) % VAD_HALF], of->roots[k]);
  for (int k = 0; k < VAD_BIN_STRIDE; k += 4) {
    nn_f4 v[4] = {strength[k], strength[k + 1], strength[k + 2], strength[k + 3]};
    vad_transpose(v);
    for (int t = 0; t < VAD_MOMENTS; t++) nn_store4(rows[t] + k, v[t]);
  }
}

#endif
