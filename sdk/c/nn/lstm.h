// The LSTM cell, on dense layers and activations.
#ifndef NN_LSTM_H
#define NN_LSTM_H

NN_INLINE nn_f4 nn_take(const float *p, uint32_t n) { return n < 4 ? nn_load_some(p, n) : nn_load4(p); }
NN_INLINE void nn_put(float *p, nn_f4 a, uint32_t n) {
  if (n < 4)
    nn_store_some(p, a, n);
  else
    nn_store4(p, a);
}

NN_API void nn_lstm_f32(float *h, float *c, const float *x, const float *w, const float *r, const float *bias, uint32_t inputs,
                        uint32_t cells, float *gates) {
  nn_dense_f32(gates, w, x, bias, 4 * cells, inputs);
  nn_dense_f32(gates, r, h, gates, 4 * cells, cells);
  for (uint32_t i = 0; i < cells; i += 4) {
    uint32_t n = cells - i;
    const float *gate = gates + i;
    nn_f4 in = nn_sigmoid4(nn_take(gate, n)), forget = nn_sigmoid4(nn_take(gate + cells, n));
    nn_f4 cell = nn_tanh4(nn_take(gate + 2 * cells, n)), out = nn_sigmoid4(nn_take(gate + 3 * cells, n));
    nn_f4 next = nn_add(nn_mul(forget, nn_take(c + i, n)), nn_mul(in, cell));
    nn_put(c + i, next, n);
    nn_put(h + i, nn_mul(out, nn_tanh4(next)), n);
  }
}

#endif
