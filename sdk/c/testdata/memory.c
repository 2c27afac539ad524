// A guest that uses its memory, for the tests of bulkhead.h. Request: one byte says what, then u32 n.
#include "bulkhead.h"

BULKHEAD_INPUT(16)

enum { CANARIES = 4096 };
static volatile uint32_t canary[CANARIES] = {[0 ... CANARIES - 1] = 7};
static uint32_t answer[8];

__attribute__((noinline)) static uint32_t deep(uint32_t n) {
  volatile uint32_t frame[16];
  for (int i = 0; i < 16; i++) frame[i] = n;
  return n ? deep(n - 1) + frame[n % 16] : 0;
}

static bulkhead_packed recurse(uint32_t n) {
  deep(n);
  for (int i = 0; i < CANARIES; i++)
    if (canary[i] != 7) return bulkhead_fail("the stack has overwritten data");
  return bulkhead_fail("the stack is deep enough");
}

// where answers with the place of n new bytes, whether they lie well and whether they are zeros; then it writes to them.
static bulkhead_packed where(uint32_t n) {
  uint8_t *p = bulkhead_allocate(n);
  answer[0] = (uint32_t)(uintptr_t)p, answer[1] = (uintptr_t)p % 16 == 0, answer[2] = 1;
  for (uint32_t i = 0; p && i < n; i++) {
    if (p[i]) answer[2] = 0;
    p[i] = 0xff;
  }
  return bulkhead_answer(answer, 3 * sizeof *answer);
}

// moved tells what the functions that compilers expect do with n bytes, n up to 32.
static bulkhead_packed moved(uint32_t n) {
  static uint8_t a[96], b[96];
  for (uint32_t i = 0; i < 96; i++) a[i] = (uint8_t)i;
  memcpy(b, a, n), answer[0] = (uint32_t)memcmp(b, a, n);
  memmove(a + 1, a, n), answer[1] = (uint32_t)memcmp(a + 1, b, n);
  memset(b, 5, n), answer[2] = n ? b[n - 1] + b[n] : 5;
  answer[3] = (uint32_t)memcmp("b", "a", 1), answer[4] = (uint32_t)memcmp("a", "b", 1);
  return bulkhead_answer(answer, 5 * sizeof *answer);
}

BULKHEAD_HANDLE {
  uint32_t n;
  if (length != 5) return bulkhead_fail("five bytes, please");
  memcpy(&n, request + 1, 4);
  switch (request[0]) {
  case 'd': return recurse(n);
  case 'g': return where(n);
  case 'm': return moved(n);
  }
  return bulkhead_fail("no such thing");
}
