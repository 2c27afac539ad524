// bulkhead.h: what a Bulkhead plugin written in C is made of. abi/SPEC.md is the contract; this is its C form.
//
// A plugin is one file that includes this header. This is a whole model plugin, which doubles a number:
//
//     #include "bulkhead.h"
//
//     BULKHEAD_INPUT(4)
//
//     BULKHEAD_HANDLE {
//       float *x = (float *)request;
//       if (length != 4) return bulkhead_fail("the input is not one f32");
//       *x *= 2;
//       return bulkhead_answer(x, 4);
//     }
//
// Build it with clang 19 (README.md has the command; the flags lie beside this file, and no other ones are tested). There is
// no libc: what the compiler itself wants (memcpy, memmove, memset, memcmp) is defined here.
//
// Every call starts from the snapshot that the host takes after BULKHEAD_CONFIGURE. What a call leaves in a variable is gone in the next
// one, and so is what it allocated. A trap (__builtin_trap, an address outside the memory, the end of the stack) fails
// the call; the host throws the instance away and goes on. Include this header in one file of a plugin only.
#ifndef BULKHEAD_H
#define BULKHEAD_H

#include <stddef.h>
#include <stdint.h>

#ifndef __wasm_bulk_memory__
#error "bulkhead.h needs the flags that lie beside it: clang-19 @flags"
#endif

// What host functions return instead of a length. SPEC.md, section "Errnos", says when each comes; treat other negative
// numbers as BULKHEAD_INTERNAL.
enum {
  BULKHEAD_DENIED = -1,
  BULKHEAD_INVALID = -2,
  BULKHEAD_FAULT = -3,
  BULKHEAD_LIMIT = -4,
  BULKHEAD_UNAVAILABLE = -5,
  BULKHEAD_DEADLINE = -6,
  BULKHEAD_NOTFOUND = -7,
  BULKHEAD_INTERNAL = -8,
};

// Bytes, unless said otherwise. SPEC.md, section "Limits".
enum {
  BULKHEAD_INPUT_HINT = 4096,
  BULKHEAD_MAX_REQUEST = 16777216,
  BULKHEAD_MAX_ANSWER = 16777216,
  BULKHEAD_MAX_GUEST_ERROR = 4096,
  BULKHEAD_MAX_AUDIT_OBJECT = 16384,
  BULKHEAD_MAX_LOG_LINE = 4096,
  BULKHEAD_MAX_SIGN_INPUT = 65536,
  BULKHEAD_MIN_NONCE = 16,
  BULKHEAD_MAX_NONCE = 64,
};

// Levels of bulkhead_log.
enum { BULKHEAD_DEBUG, BULKHEAD_INFO, BULKHEAD_WARN, BULKHEAD_ERROR };

// Host functions. A plugin imports those that it calls and no others; log, audit, sign, attest and infer need the
// capability of the same name, in the descriptor and from the operator. Results of 0 and more are the full length of what there is, of
// which at most room bytes were written to out; negative ones are errnos, and nothing was written. Before the snapshot only bulkhead_log
// and bulkhead_read do anything.
#define BULKHEAD_IMPORT(name) __attribute__((import_module("bulkhead_v1"), import_name(name)))

// bulkhead_log writes a line, UTF-8, to the host's log. It never fails.
BULKHEAD_IMPORT("log") void bulkhead_log(uint32_t level, const void *line, uint32_t length);

// bulkhead_audit writes one JSON object, at most BULKHEAD_MAX_AUDIT_OBJECT bytes; after 0 it is durable.
BULKHEAD_IMPORT("audit") int32_t bulkhead_audit(const void *object, uint32_t length);

// bulkhead_sign signs a message, at most BULKHEAD_MAX_SIGN_INPUT bytes, with the key at position key of the descriptor's keys. A
// signature has 3,373 bytes.
BULKHEAD_IMPORT("sign") int32_t bulkhead_sign(uint32_t key, const void *message, uint32_t length, void *out, uint32_t room);

// bulkhead_attest gives evidence, a JSON document, for a nonce of BULKHEAD_MIN_NONCE to BULKHEAD_MAX_NONCE bytes.
BULKHEAD_IMPORT("attest") int32_t bulkhead_attest(const void *nonce, uint32_t length, void *out, uint32_t room);

// bulkhead_infer runs the model at position model of the descriptor's models on its input tensors.
BULKHEAD_IMPORT("infer") int32_t bulkhead_infer(uint32_t model, const void *in, uint32_t length, void *out, uint32_t room);

// bulkhead_read copies from the asset at position slot of the descriptor's assets, from offset on, and returns the number of
// bytes from there to its end.
BULKHEAD_IMPORT("read") int32_t bulkhead_read(uint32_t slot, uint32_t offset, void *out, uint32_t room);

// bulkhead_result copies from the last answer of sign, attest or infer that was longer than its room, as bulkhead_read
// does. Never call one of those again to get more: it would sign, or run, twice.
BULKHEAD_IMPORT("result") int32_t bulkhead_result(uint32_t offset, void *out, uint32_t room);

// bulkhead_progress reports done of total to a client that asked. Neither falls, and total never changes.
BULKHEAD_IMPORT("progress") void bulkhead_progress(double done, double total);

// A bulkhead_packed is what a handler returns: where its answer lies, or the text of its error. Make one with bulkhead_answer
// or bulkhead_fail.
typedef uint64_t bulkhead_packed;

// bulkhead_answer answers with length bytes, at most BULKHEAD_MAX_ANSWER. They must not lie in a local variable: the host reads
// them after the handler has returned.
static inline bulkhead_packed bulkhead_answer(const void *bytes, uint32_t length) {
  return (uint64_t)(uintptr_t)bytes << 32 | length;
}

// bulkhead_fail_with refuses the request with length bytes of UTF-8, at most BULKHEAD_MAX_GUEST_ERROR, for the host's log. The client
// never sees them. They must not lie in a local variable.
static inline bulkhead_packed bulkhead_fail_with(const void *text, uint32_t length) {
  return (uint64_t)(uintptr_t)text << 32 | 1u << 31 | length;
}

// bulkhead_fail refuses the request with a string constant.
#define bulkhead_fail(constant) bulkhead_fail_with("" constant, sizeof(constant) - 1)

// Both names are the ABI's; the parameters are request and length. The request lies in the buffer of BULKHEAD_INPUT and may be
// overwritten, and answered with.
//
//     BULKHEAD_HANDLE { ... }      answers one request
//     BULKHEAD_CONFIGURE { ... }   optional: takes the operator's config, JSON, once; then the host takes the snapshot. Read
//                                  assets here. Success ignores the answer: return bulkhead_answer(0, 0). A failure refuses
//                                  the plugin.
#define BULKHEAD_UNUSED __attribute__((unused))
#define BULKHEAD_EXPORT(name) __attribute__((export_name(name)))
#define BULKHEAD_HANDLE                                                                      \
  BULKHEAD_EXPORT("bulkhead_v1_handle")                                                      \
  bulkhead_packed bulkhead_handle(BULKHEAD_UNUSED uint8_t *request, BULKHEAD_UNUSED uint32_t length)
#define BULKHEAD_CONFIGURE                                                                   \
  BULKHEAD_EXPORT("bulkhead_v1_configure")                                                   \
  bulkhead_packed bulkhead_configure(BULKHEAD_UNUSED uint8_t *request, BULKHEAD_UNUSED uint32_t length)

// BULKHEAD_INPUT(bytes) stands once in a plugin and makes its input buffer, aligned to 16, for requests and configs of at most that
// many bytes (BULKHEAD_INPUT_HINT if that is more). The host refuses longer ones as over a limit.
#define BULKHEAD_INPUT(bytes)                                                                \
  static _Alignas(16) uint8_t                                                                \
      bulkhead_buffer[(bytes) > BULKHEAD_INPUT_HINT ? (bytes) : BULKHEAD_INPUT_HINT];        \
  BULKHEAD_EXPORT("bulkhead_v1_input") uint8_t *bulkhead_input(uint32_t length) {            \
    return length <= sizeof bulkhead_buffer ? bulkhead_buffer : 0;                           \
  }

// What bulkhead_allocate has given so far ends here; 0 before the first time.
static uintptr_t bulkhead_break;
extern unsigned char __heap_base;

// bulkhead_allocate returns size bytes of zeros, aligned to 16, or 0 where the memory may not grow so far (or size is over 1 GiB). Nothing
// is ever freed, but what a call allocates is gone after it. Allocate in BULKHEAD_CONFIGURE: memory that grows in a call
// costs the instance, and the next call waits for a new one.
BULKHEAD_UNUSED static void *bulkhead_allocate(uint32_t size) {
  enum { page = 65536, align = 16 };
  if (size > 1u << 30) return 0;
  uintptr_t from = bulkhead_break ? bulkhead_break : ((uintptr_t)&__heap_base + align - 1) & -(uintptr_t)align;
  uint64_t end = (uint64_t)from + ((size + align - 1) & -(uint32_t)align);
  uint64_t pages = (end + page - 1) / page, now = __builtin_wasm_memory_size(0);
  if (pages > now && __builtin_wasm_memory_grow(0, pages - now) == (size_t)-1) return 0;
  bulkhead_break = (uintptr_t)end;
  return (void *)from;
}

// bulkhead_asset returns the whole asset at position slot of the descriptor's assets, in memory from bulkhead_allocate,
// and sets length. It returns 0 if there is no such asset or no memory for it.
BULKHEAD_UNUSED static void *bulkhead_asset(uint32_t slot, uint32_t *length) {
  int32_t n = bulkhead_read(slot, 0, 0, 0);
  if (n < 0) return 0;
  void *whole = bulkhead_allocate((uint32_t)n);
  if (!whole || bulkhead_read(slot, 0, whole, (uint32_t)n) != n) return 0;
  *length = (uint32_t)n;
  return whole;
}

// What a compiler expects even without a libc. The builtins are one instruction each; a plugin may define its own.
__attribute__((weak)) void *memcpy(void *to, const void *from, size_t n) { return __builtin_memcpy(to, from, n); }
__attribute__((weak)) void *memmove(void *to, const void *from, size_t n) { return __builtin_memmove(to, from, n); }
__attribute__((weak)) void *memset(void *to, int value, size_t n) { return __builtin_memset(to, value, n); }
__attribute__((weak)) int memcmp(const void *a, const void *b, size_t n) {
  const unsigned char *p = a, *q = b;
  for (; n; n--, p++, q++)
    if (*p != *q) return *p < *q ? -1 : 1;
  return 0;
}

#endif
