// A guest that uses everything in bulkhead.h, for its tests. Request: one byte says what, the rest is for that. Host functions with a slot
// take it from the first byte of the rest. Errnos are answered as four bytes.
#include "bulkhead.h"
#include "text.h"

enum { ROOM = 64 << 10, SMALL = 16, EVIDENCE = 4096 };
BULKHEAD_INPUT(ROOM)

static uint8_t out[2 * ROOM];
static int32_t number, early;
static void *asset;
static uint32_t asset_length;

static bulkhead_packed number_answer(int32_t n) {
  number = n;
  return bulkhead_answer(&number, sizeof number);
}

// whole fetches what did not fit.
static bulkhead_packed whole(int32_t n, uint32_t room) {
  if (n < 0) return number_answer(n);
  if ((uint32_t)n > sizeof out) return bulkhead_fail("more than the guest has room for");
  if ((uint32_t)n > room && bulkhead_result(room, out + room, (uint32_t)n - room) != n - (int32_t)room) return bulkhead_fail("the rest is not the rest");
  return bulkhead_answer(out, (uint32_t)n);
}

BULKHEAD_CONFIGURE {
  bulkhead_log(BULKHEAD_INFO, request, length);
  early = bulkhead_audit("{}", 2);
  asset = bulkhead_asset(0, &asset_length);
  if (length >= 7 && !memcmp(request, "{\"fail\"", 7)) return bulkhead_fail_with(request, length);
  return bulkhead_answer(0, 0);
}

BULKHEAD_HANDLE {
  if (!length) return bulkhead_fail("nothing was asked");
  const uint8_t *rest = request + 1;
  uint32_t n = length - 1, slot = n ? rest[0] : 0;
  switch (request[0]) {
  case 'e': return bulkhead_answer(rest, n);
  case 'E': return bulkhead_fail_with(rest, n);
  case 'l': bulkhead_log(BULKHEAD_WARN, rest, n); return bulkhead_answer(0, 0);
  case 'a': return number_answer(bulkhead_audit(rest, n));
  case 'A': return number_answer(early);
  case 's': return whole(bulkhead_sign(slot, rest, n, out, SMALL), SMALL);
  case 't': return whole(bulkhead_attest(rest, n, out, EVIDENCE), EVIDENCE);
  case 'i': return whole(bulkhead_infer(slot, rest, n, out, SMALL), SMALL);
  case 'k': return number_answer(bulkhead_result(0, out, sizeof out));
  case 'r': return number_answer(bulkhead_read(slot, 0, out, sizeof out));
  case 'c': return asset ? bulkhead_answer(asset, asset_length) : bulkhead_fail("there is no asset 0");
  case 'p': bulkhead_progress(1, 3), bulkhead_progress(3, 3); return bulkhead_answer(0, 0);
  case 'F': return number_answer(bulkhead_audit((void *)0xfffffff0, 2));
  case 'x': __builtin_trap();
  case 'X': return bulkhead_answer((void *)0xfffffff0, 64);
  case '0': return *(volatile uint8_t *)0xfffffff0;
  case 'j': {
    bulkhead_text t = {.bytes = (char *)out, .room = 40};
    bulkhead_add(&t, "{\"n\":");
    bulkhead_add_number(&t, n);
    bulkhead_add(&t, ",\"s\":");
    bulkhead_add_json(&t, (const char *)rest, n);
    bulkhead_add(&t, "}");
    return bulkhead_full(&t) ? bulkhead_fail_with(out, t.length) : bulkhead_answer(out, t.length);
  }
  }
  return bulkhead_fail("no such thing");
}
