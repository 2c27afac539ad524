// Activations, in operations of lanes.h, so that every variant gives the same bits.
#ifndef NN_ACTIVATION_H
#define NN_ACTIVATION_H

NN_INLINE nn_f4 nn_polynomial(nn_f4 x, const float *coefficients, int n) { // highest power first
  nn_f4 sum = nn_all(coefficients[0]);
  for (int i = 1; i < n; i++) sum = nn_add(nn_mul(sum, x), nn_all(coefficients[i]));
  return sum;
}

// e^x = 2^k * e^r with r within ln 2 / 2 of 0. ln 2 is taken away in two parts, of which the first times k is exact.
NN_INLINE nn_f4 nn_exp4(nn_f4 x) {
  static const float coefficients[] = {1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1, 1};
  x = nn_min(nn_max(x, nn_all(-87.3f)), nn_all(88.3f));
  nn_f4 k = nn_nearest(nn_mul(x, nn_all(1.44269504f)));
  nn_f4 r = nn_sub(nn_sub(x, nn_mul(k, nn_all(0.693359375f))), nn_mul(k, nn_all(-2.12194440e-4f)));
  return nn_mul(nn_polynomial(r, coefficients, 8), nn_power(k));
}

// For x below 0 as e^x / (1 + e^x) it is as exact as above.
NN_INLINE nn_f4 nn_sigmoid4(nn_f4 x) {
  nn_f4 e = nn_exp4(nn_neg(nn_abs(x)));
  nn_f4 above = nn_div(nn_all(1), nn_add(nn_all(1), e));
  return nn_where_below(x, nn_all(0), nn_mul(e, above), above);
}

// Near 0 an odd polynomial, elsewhere 1 - 2 / (e^2x + 1).
NN_INLINE nn_f4 nn_tanh4(nn_f4 x) {
  static const float coefficients[] = {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f,
                                       -3.33332819422e-1f};
  nn_f4 a = nn_abs(x), square = nn_mul(x, x);
  nn_f4 small = nn_add(x, nn_mul(nn_mul(x, square), nn_polynomial(square, coefficients, 5)));
  nn_f4 large = nn_sub(nn_all(1), nn_div(nn_all(2), nn_add(nn_exp4(nn_add(a, a)), nn_all(1))));
  return nn_where_below(a, nn_all(0.625f), small, nn_sign(large, x));
}

NN_INLINE nn_f4 nn_relu4(nn_f4 x) { return nn_max(x, nn_all(0)); }

#define NN_EACH(four)                                                             \
  uint32_t i = 0;                                                                 \
  for (; i + 4 <= n; i += 4) nn_store4(y + i, four(nn_load4(x + i)));             \
  if (i < n) nn_store_some(y + i, four(nn_load_some(x + i, n - i)), n - i)

NN_API void nn_relu_f32(float *y, const float *x, uint32_t n) { NN_EACH(nn_relu4); }
NN_API void nn_exp_f32(float *y, const float *x, uint32_t n) { NN_EACH(nn_exp4); }
NN_API void nn_sigmoid_f32(float *y, const float *x, uint32_t n) { NN_EACH(nn_sigmoid4); }
NN_API void nn_tanh_f32(float *y, const float *x, uint32_t n) { NN_EACH(nn_tanh4); }

NN_API uint32_t nn_outside_f32(const float *x, float low, float high, uint32_t n) {
  uint32_t i = 0;
  while (n - i >= 16 && nn_all_within(x + i, low, high)) i += 16;
  while (i < n && x[i] >= low && x[i] <= high) i++;
  return i;
}

NN_API void nn_softmax_f32(float *y, const float *x, uint32_t n) {
  if (!n) return;
  float top = x[0], sum = 0;
  for (uint32_t i = 1; i < n; i++) top = x[i] > top ? x[i] : top;
  for (uint32_t i = 0; i < n; i++) y[i] = x[i] - top;
  nn_exp_f32(y, y, n);
  for (uint32_t i = 0; i < n; i++) sum += y[i];
  for (uint32_t i = 0; i < n; i++) y[i] /= sum;
}

#endif
