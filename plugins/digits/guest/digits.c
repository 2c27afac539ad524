// The model plugin digits: a multilayer perceptron 784-256-128-10 in int8, on sdk/c/nn.h. README.md says what it promises.
#include "bulkhead.h"
#include "nn.h"
#include "text.h"

enum { INPUTS = 28 * 28, HIDDEN1 = 256, HIDDEN2 = 128, OUTPUTS = 10, BATCH = 32, LAYERS = 3 };

BULKHEAD_INPUT(BATCH * INPUTS * sizeof(float))

// A layer's input is multiplied by inverse and rounded to 0..127; the sum of each row times scale, plus bias, is its output.
typedef struct {
  uint32_t rows, cols;
  const int8_t *weights;
  const float *inverse, *scale, *bias;
} layer;

static layer layers[LAYERS] = {
    {.rows = HIDDEN1, .cols = INPUTS}, {.rows = HIDDEN2, .cols = HIDDEN1}, {.rows = OUTPUTS, .cols = HIDDEN2}};

// The asset: the weights of all layers, then for each layer inverse, scales and biases as little-endian f32.
enum {
  WEIGHTS = INPUTS * HIDDEN1 + HIDDEN1 * HIDDEN2 + HIDDEN2 * OUTPUTS,
  FACTORS = LAYERS + 2 * (HIDDEN1 + HIDDEN2 + OUTPUTS),
};

// Factors have bounds that keep every sum finite, whatever the input.
static const float largest = 1e6f;

static char text[64];

static bulkhead_packed fail_at(const char *before, uint32_t position, const char *after) {
  bulkhead_text t = {.bytes = text, .room = sizeof text};
  bulkhead_add(&t, before);
  bulkhead_add_number(&t, position);
  bulkhead_add(&t, after);
  return bulkhead_fail_with(t.bytes, t.length);
}

// takes_no_config says whether the config is an empty object. The host made sure that it is strict JSON.
static int takes_no_config(const uint8_t *config, uint32_t length) {
  for (uint32_t i = 0; i < length; i++)
    if (config[i] == '"') return 0;
  return 1;
}

BULKHEAD_CONFIGURE {
  if (!takes_no_config(request, length)) return bulkhead_fail("digits takes no config");
  uint32_t size = 0;
  const int8_t *weights = bulkhead_asset(0, &size);
  if (!weights) return bulkhead_fail("the weights are missing");
  if (size != WEIGHTS + FACTORS * sizeof(float)) return fail_at("the weights have ", size, " bytes");
  const float *factors = (const float *)(weights + WEIGHTS);
  uint32_t wrong = nn_outside_f32(factors, -largest, largest, FACTORS);
  if (wrong < FACTORS) return fail_at("factor ", wrong, " of the weights is out of bounds");
  for (layer *l = layers; l < layers + LAYERS; l++) {
    l->weights = weights, weights += l->rows * l->cols;
    l->inverse = factors, factors += 1;
    l->scale = factors, factors += l->rows;
    l->bias = factors, factors += l->rows;
  }
  return bulkhead_answer(0, 0);
}

// run sets y to the layer's output for x.
static void run(const layer *l, float *y, const float *x) {
  static _Alignas(16) int8_t activations[INPUTS];
  nn_quantise_i7(activations, x, *l->inverse, l->cols);
  nn_dense_i8(y, l->weights, activations, l->scale, l->bias, l->rows, l->cols);
}

// p may be in the place of x.
static void predict(float *p, const float *x) {
  static _Alignas(16) float hidden1[HIDDEN1], hidden2[HIDDEN2], scores[OUTPUTS];
  run(&layers[0], hidden1, x);
  run(&layers[1], hidden2, hidden1);
  run(&layers[2], scores, hidden2);
  nn_softmax_f32(p, scores, OUTPUTS);
}

BULKHEAD_HANDLE {
  float *x = (float *)request, *p = x;
  uint32_t n = length / (INPUTS * sizeof(float));
  if (!n || n > BATCH || length != n * INPUTS * sizeof(float)) return fail_at("the input has ", length, " bytes");
  uint32_t wrong = nn_outside_f32(x, 0, 1, n * INPUTS);
  if (wrong < n * INPUTS) return fail_at("value ", wrong, " of x is not a number from 0 to 1");
  for (uint32_t i = 0; i < n; i++) predict(p + i * OUTPUTS, x + i * INPUTS);
  return bulkhead_answer(p, n * OUTPUTS * sizeof(float));
}
