// Four floats at once: nn_f4, on intrinsics or, in the scalar variant, on an array. What is written in these operations is the
// same in every variant, bit by bit.
#ifndef NN_LANES_H
#define NN_LANES_H

#define NN_INLINE __attribute__((always_inline, unused)) static inline

#ifdef NN_SCALAR

typedef struct {
  float l[4];
} nn_f4;

#define NN_LANEWISE(expression)   \
  nn_f4 r;                        \
  for (int i = 0; i < 4; i++) {   \
    r.l[i] = (expression);        \
  }                               \
  return r

NN_INLINE float nn_from_bits(uint32_t bits) {
  union {
    uint32_t u;
    float f;
  } v = {bits};
  return v.f;
}
NN_INLINE float nn_round(float x) { // ties to even, for |x| < 2^22
  const float big = 12582912;       // 1.5 * 2^23
  volatile float shifted = x + big; // volatile: no compiler may cancel the two
  return __builtin_copysignf(shifted - big, x);
}
NN_INLINE nn_f4 nn_load4(const float *p) { NN_LANEWISE(p[i]); }
NN_INLINE void nn_store4(float *p, nn_f4 a) {
  for (int i = 0; i < 4; i++) p[i] = a.l[i];
}
NN_INLINE nn_f4 nn_all(float x) { NN_LANEWISE(x); }
NN_INLINE nn_f4 nn_add(nn_f4 a, nn_f4 b) { NN_LANEWISE(a.l[i] + b.l[i]); }
NN_INLINE nn_f4 nn_sub(nn_f4 a, nn_f4 b) { NN_LANEWISE(a.l[i] - b.l[i]); }
NN_INLINE nn_f4 nn_mul(nn_f4 a, nn_f4 b) { NN_LANEWISE(a.l[i] * b.l[i]); }
NN_INLINE nn_f4 nn_div(nn_f4 a, nn_f4 b) { NN_LANEWISE(a.l[i] / b.l[i]); }
NN_INLINE nn_f4 nn_neg(nn_f4 a) { NN_LANEWISE(-a.l[i]); }
// a, unless b is smaller (larger): NaN in a stays.
NN_INLINE nn_f4 nn_min(nn_f4 a, nn_f4 b) { NN_LANEWISE(b.l[i] < a.l[i] ? b.l[i] : a.l[i]); }
NN_INLINE nn_f4 nn_max(nn_f4 a, nn_f4 b) { NN_LANEWISE(a.l[i] < b.l[i] ? b.l[i] : a.l[i]); }
NN_INLINE nn_f4 nn_nearest(nn_f4 a) { NN_LANEWISE(nn_round(a.l[i])); }
// 2^k for whole k from -126 to 127; NaN gives 1.
NN_INLINE nn_f4 nn_power(nn_f4 k) { NN_LANEWISE(nn_from_bits((uint32_t)((k.l[i] == k.l[i] ? (int32_t)k.l[i] : 0) + 127) << 23)); }
// below[lane] < limit[lane] ? a : b
NN_INLINE nn_f4 nn_where_below(nn_f4 below, nn_f4 limit, nn_f4 a, nn_f4 b) {
  NN_LANEWISE(below.l[i] < limit.l[i] ? a.l[i] : b.l[i]);
}
NN_INLINE nn_f4 nn_abs(nn_f4 a) { NN_LANEWISE(__builtin_fabsf(a.l[i])); }
// the value of a with the sign of b
NN_INLINE nn_f4 nn_sign(nn_f4 a, nn_f4 b) { NN_LANEWISE(__builtin_copysignf(a.l[i], b.l[i])); }
// whether sixteen values are numbers from low to high
NN_INLINE int nn_all_within(const float *x, float low, float high) {
  for (int i = 0; i < 16; i++)
    if (!(x[i] >= low && x[i] <= high)) return 0;
  return 1;
}

#else

#include <wasm_simd128.h>

typedef v128_t nn_f4;

NN_INLINE nn_f4 nn_load4(const float *p) { return wasm_v128_load(p); }
NN_INLINE void nn_store4(float *p, nn_f4 a) { wasm_v128_store(p, a); }
NN_INLINE nn_f4 nn_all(float x) { return wasm_f32x4_splat(x); }
NN_INLINE nn_f4 nn_add(nn_f4 a, nn_f4 b) { return wasm_f32x4_add(a, b); }
NN_INLINE nn_f4 nn_sub(nn_f4 a, nn_f4 b) { return wasm_f32x4_sub(a, b); }
NN_INLINE nn_f4 nn_mul(nn_f4 a, nn_f4 b) { return wasm_f32x4_mul(a, b); }
NN_INLINE nn_f4 nn_div(nn_f4 a, nn_f4 b) { return wasm_f32x4_div(a, b); }
NN_INLINE nn_f4 nn_neg(nn_f4 a) { return wasm_f32x4_neg(a); }
NN_INLINE nn_f4 nn_min(nn_f4 a, nn_f4 b) { return wasm_f32x4_pmin(a, b); }
NN_INLINE nn_f4 nn_max(nn_f4 a, nn_f4 b) { return wasm_f32x4_pmax(a, b); }
NN_INLINE nn_f4 nn_nearest(nn_f4 a) { return wasm_f32x4_nearest(a); }
NN_INLINE nn_f4 nn_power(nn_f4 k) {
  return wasm_i32x4_shl(wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(k), wasm_i32x4_splat(127)), 23);
}
NN_INLINE nn_f4 nn_where_below(nn_f4 below, nn_f4 limit, nn_f4 a, nn_f4 b) {
  return wasm_v128_bitselect(a, b, wasm_f32x4_lt(below, limit));
}
NN_INLINE nn_f4 nn_abs(nn_f4 a) { return wasm_f32x4_abs(a); }
NN_INLINE nn_f4 nn_sign(nn_f4 a, nn_f4 b) { return wasm_v128_bitselect(b, a, wasm_i32x4_splat((int32_t)0x80000000)); }
NN_INLINE v128_t nn_within(const float *x, v128_t low, v128_t high) {
  v128_t v = wasm_v128_load(x);
  return wasm_v128_and(wasm_f32x4_ge(v, low), wasm_f32x4_le(v, high));
}
NN_INLINE int nn_all_within(const float *x, float low, float high) {
  v128_t l = wasm_f32x4_splat(low), h = wasm_f32x4_splat(high);
  v128_t last = wasm_v128_and(nn_within(x + 12, l, h), nn_within(x + 8, l, h));
  return wasm_i32x4_all_true(wasm_v128_and(last, wasm_v128_and(nn_within(x + 4, l, h), nn_within(x, l, h))));
}

#endif

// nn_load_some takes n values, less than four, and zeros for the rest; nn_store_some gives the first n. They have no loops: an engine
// keeps in memory what lives across one, other loops' sums too.
#ifdef NN_SCALAR
NN_INLINE nn_f4 nn_load_some(const float *p, uint32_t n) { NN_LANEWISE((uint32_t)i < n ? p[i] : 0); }
NN_INLINE void nn_store_some(float *p, nn_f4 a, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) p[i] = a.l[i];
}
#else
NN_INLINE nn_f4 nn_load_some(const float *p, uint32_t n) {
  if (n == 3) return wasm_v128_load32_lane(p + 2, wasm_v128_load64_zero(p), 2);
  return n == 2 ? wasm_v128_load64_zero(p) : n == 1 ? wasm_v128_load32_zero(p) : wasm_f32x4_splat(0);
}
NN_INLINE void nn_store_some(float *p, nn_f4 a, uint32_t n) {
  if (n >= 2) wasm_v128_store64_lane(p, a, 0);
  if (n == 3) wasm_v128_store32_lane(p + 2, a, 2);
  if (n == 1) wasm_v128_store32_lane(p, a, 0);
}
#endif

#endif
