// One call of a kernel, as a request names it: the same in a guest and natively.
#include "nn.h"

enum { ARRAYS = 7, SIZES = 8 };

typedef struct {
  uint32_t kernel;
  uint32_t size[SIZES];
  void *array[ARRAYS]; // 0 where there is none
} call;

static int run(const call *c) {
  void *const *a = c->array;
  const uint32_t *s = c->size;
  switch (c->kernel) {
  case 0: nn_dense_f32(a[0], a[1], a[2], a[3], s[0], s[1]); return 1;
  case 1: nn_dense_i8(a[0], a[1], a[2], a[3], a[4], s[0], s[1]); return 1;
  case 2: nn_dot_i8(a[0], a[1], a[2], s[0], s[1]); return 1;
  case 3: nn_quantise_i7(a[0], a[1], *(const float *)a[2], s[0]); return 1;
  case 4: nn_gemm_f32(a[0], a[1], a[2], s[0], s[1], s[2]); return 1;
  case 5: nn_gemm_i8(a[0], a[1], a[2], s[0], s[1], s[2]); return 1;
  case 6: {
    nn_conv2d shape = {s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]};
    nn_conv2d_f32(a[0], a[1], a[2], a[3], &shape);
    return 1;
  }
  case 7: nn_conv1d_f32(a[0], a[1], a[2], a[3], s[0], s[1], s[2], s[3], s[4]); return 1;
  case 8: nn_relu_f32(a[0], a[1], s[0]); return 1;
  case 9: nn_exp_f32(a[0], a[1], s[0]); return 1;
  case 10: nn_sigmoid_f32(a[0], a[1], s[0]); return 1;
  case 11: nn_tanh_f32(a[0], a[1], s[0]); return 1;
  case 12: nn_softmax_f32(a[0], a[1], s[0]); return 1;
  case 13: nn_lstm_f32(a[0], a[1], a[2], a[3], a[4], a[5], s[0], s[1], a[6]); return 1;
  case 14: *(uint32_t *)a[0] = nn_outside_f32(a[1], 0, 1, s[0]); return 1;
  }
  return 0;
}
