// A model plugin that runs one kernel on the arrays of its request, of which one may lie at the very end of the memory, so that
// reading or writing behind it traps. Around the others stand guards.
//
// Request: u32 kernel, u32 size[8], u32 misplacement, u32 last, u32 bytes[7], then the arrays. Each array starts misplacement
// bytes behind a multiple of 16; last is the one at the end of the memory, which may be none; bytes 0xffffffff means no array.
// Answer: the arrays as they are then.
#include "bulkhead.h"

#include "calls.h"

enum { ROOM = 1 << 18, GUARD = 64, NONE = 0xffffffff };
BULKHEAD_INPUT(ROOM)
static uint8_t arena[2 * ROOM];

typedef struct {
  uint32_t kernel, size[SIZES], misplacement, last, bytes[ARRAYS];
} header;

static uint8_t *place(const header *h, uint32_t i, uint8_t **free) {
  if (h->bytes[i] == NONE) return 0;
  if (i == h->last) return (uint8_t *)((uintptr_t)__builtin_wasm_memory_size(0) * 65536 - h->bytes[i]);
  uint8_t *p = (uint8_t *)(((uintptr_t)*free + GUARD + 15) / 16 * 16 + h->misplacement);
  *free = p + h->bytes[i];
  return p;
}

static int guarded(const uint8_t *from, const uint8_t *to) {
  for (; from < to; from++)
    if (*from != 0xa5) return 0;
  return 1;
}

// The page behind all else is for the last array.
BULKHEAD_CONFIGURE { return __builtin_wasm_memory_grow(0, ROOM / 65536) == (size_t)-1 ? bulkhead_fail("no memory") : bulkhead_answer(0, 0); }

BULKHEAD_HANDLE {
  header h;
  if (length < sizeof h) return bulkhead_fail("too short");
  memcpy(&h, request, sizeof h);
  memset(arena, 0xa5, sizeof arena);
  call c = {.kernel = h.kernel};
  memcpy(c.size, h.size, sizeof c.size);
  uint8_t *free = arena;
  const uint8_t *in = request + sizeof h;
  for (uint32_t i = 0; i < ARRAYS; i++) {
    c.array[i] = place(&h, i, &free);
    if (c.array[i]) memcpy(c.array[i], in, h.bytes[i]), in += h.bytes[i];
  }
  if (!run(&c)) return bulkhead_fail("no such kernel");
  uint8_t *out = request;
  const uint8_t *edge = arena;
  for (uint32_t i = 0; i < ARRAYS; i++) {
    if (!c.array[i]) continue;
    if (i != h.last) {
      if (!guarded(edge, c.array[i])) return bulkhead_fail("written before an array");
      edge = (uint8_t *)c.array[i] + h.bytes[i];
    }
    memcpy(out, c.array[i], h.bytes[i]), out += h.bytes[i];
  }
  if (!guarded(edge, arena + sizeof arena)) return bulkhead_fail("written behind an array");
  return bulkhead_answer(request, (uint32_t)(out - request));
}
