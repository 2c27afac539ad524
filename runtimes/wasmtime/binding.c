//go:build wasmtime

#define _GNU_SOURCE
#include "binding.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "_cgo_export.h"

size_t bh_prepare(void) {
  setenv("RUST_LIB_BACKTRACE", "0", 1); // C's environment alone: Go's, and that of what it starts, is another
  size_t least = 0;
  pthread_attr_t attr;
  if (pthread_getattr_default_np(&attr) == 0) {
    pthread_attr_getstacksize(&attr, &least);
    pthread_attr_destroy(&attr);
  }
  struct rlimit first; // the stack of the first thread grows up to this
  if (getrlimit(RLIMIT_STACK, &first) == 0 && first.rlim_cur != RLIM_INFINITY && first.rlim_cur < least) least = first.rlim_cur;
  return least;
}

// --- memories

// The memory that this thread made last, for bh_instantiate.
static _Thread_local bh_memory *made;

static uint8_t *memory_get(void *env, size_t *size, size_t *capacity) {
  bh_memory *m = env;
  *size = m->size;
  *capacity = m->reserved;
  return m->base;
}

static wasmtime_error_t *memory_grow(void *env, size_t size) {
  bh_memory *m = env;
  if (size < m->size || size > m->reserved) return wasmtime_error_new("the memory cannot have that size");
  if (size > m->size && mprotect(m->base + m->size, size - m->size, PROT_READ | PROT_WRITE) != 0)
    return wasmtime_error_new("no memory");
  m->size = size;
  return NULL;
}

static void memory_free(void *env) {
  bh_memory *m = env;
  if (m->base) munmap(m->base - m->guard, m->guard + m->reserved + m->guard);
  free(m);
}

static wasmtime_error_t *memory_new(void *env, const wasm_memorytype_t *type, size_t minimum, size_t maximum, size_t reserved,
                                    size_t guard, wasmtime_linear_memory_t *out) {
  (void)env, (void)type, (void)maximum;
  bh_memory *m = calloc(1, sizeof *m);
  if (!m) return wasmtime_error_new("no memory");
  m->reserved = reserved, m->guard = guard;
  void *map = mmap(NULL, guard + reserved + guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (map != MAP_FAILED) m->base = (uint8_t *)map + guard;
  wasmtime_error_t *error = m->base ? memory_grow(m, minimum) : wasmtime_error_new("no address space");
  if (error) {
    memory_free(m);
    return error;
  }
  *out = (wasmtime_linear_memory_t){.env = m, .get_memory = memory_get, .grow_memory = memory_grow, .finalizer = memory_free};
  made = m;
  return NULL;
}

void bh_memories(wasm_config_t *config) {
  wasmtime_memory_creator_t creator = {.new_memory = memory_new};
  wasmtime_config_host_memory_creator_set(config, &creator);
}

// --- globals

static void global_value(bh_instance *i, bh_global *g) {
  wasmtime_val_t value;
  wasmtime_global_get(i->context, &g->global, &value);
  bool narrow = g->kind == WASMTIME_I32 || g->kind == WASMTIME_F32;
  g->bits = narrow ? (uint32_t)value.of.i32 : (uint64_t)value.of.i64;
  g->seen = i->runs;
}

void bh_fetch(bh_instance *i, bh_global *g) { global_value(i, g); }

static void global_set(bh_instance *i, bh_global *g, uint64_t bits) {
  wasmtime_val_t value = {.kind = g->kind, .of.i64 = (int64_t)bits};
  wasmtime_error_t *error = wasmtime_global_set(i->context, &g->global, &value);
  if (error) wasmtime_error_delete(error); // only for another type
}

// flush gives the guest what Go has written.
static void flush(bh_instance *i) {
  for (bh_global *g = i->globals; i->dirty > 0 && g < i->globals + i->count; g++) {
    if (!g->dirty) continue;
    global_set(i, g, g->bits);
    g->dirty = false, g->seen = i->runs, i->dirty--;
  }
}

// --- host functions

static wasm_trap_t *host(void *number, wasmtime_caller_t *caller, wasmtime_val_raw_t *slots, size_t count) {
  (void)count;
  bh_instance *i = wasmtime_context_get_data(wasmtime_caller_context(caller));
  i->runs++;
  i->ended = !bulkheadHost(i->owner, (uintptr_t)number, slots);
  if (i->dirty) flush(i);
  static const char ended[] = "ended by the host";
  return i->ended ? wasmtime_trap_new(ended, sizeof ended - 1) : NULL;
}

// A clock that is read in 3 ns, and ticks every few milliseconds.
static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// yield gives the next slice without Go, which has its turn when time has passed: Go's takes four times as long, and vectors
// use up a slice in a third of a microsecond.
static wasm_trap_t *yield(void *number, wasmtime_caller_t *caller, wasmtime_val_raw_t *slots, size_t count) {
  bh_instance *i = wasmtime_context_get_data(wasmtime_caller_context(caller));
  int64_t counter = slots->i64;
  uint64_t given = i->given - (uint64_t)counter + i->slice;
  if (counter == INT64_MIN || !i->fuel || given > i->total || now() - i->looked >= BH_LOOK) {
    wasm_trap_t *trap = host(number, caller, slots, count);
    i->looked = now();
    return trap;
  }
  i->given = given;
  slots->i64 = (int64_t)i->slice;
  return NULL;
}

static void value_types(wasm_valtype_vec_t *out, const uint8_t *kinds, size_t count) {
  wasm_valtype_vec_new_uninitialized(out, count);
  for (size_t n = 0; n < count; n++) out->data[n] = wasm_valtype_new(kinds[n]);
}

wasmtime_error_t *bh_link(wasmtime_linker_t *linker, const char *module, size_t module_size, const char *name, size_t name_size,
                          const uint8_t *params, size_t param_count, const uint8_t *results, size_t result_count, uintptr_t number, bool yields) {
  wasm_valtype_vec_t takes, gives;
  value_types(&takes, params, param_count);
  value_types(&gives, results, result_count);
  wasm_functype_t *type = wasm_functype_new(&takes, &gives);
  wasmtime_error_t *error = wasmtime_linker_define_func_unchecked(linker, module, module_size, name, name_size, type,
                                                                  yields ? yield : host, (void *)number, NULL);
  wasm_functype_delete(type);
  return error;
}

// --- instances

// other keeps the message of a failure.
static int32_t other(bh_instance *i, wasm_byte_vec_t *message) {
  size_t size = message->size < sizeof i->message - 1 ? message->size : sizeof i->message - 1;
  memcpy(i->message, message->data, size);
  i->message[size] = 0;
  wasm_byte_vec_delete(message);
  return BH_OTHER;
}

static int32_t failure(bh_instance *i, wasmtime_error_t *error, wasm_trap_t *trap) {
  wasm_byte_vec_t message;
  if (i->ended) { // Go knows why
    if (error) wasmtime_error_delete(error);
    if (trap) wasm_trap_delete(trap);
    return BH_HOST;
  }
  if (error) {
    wasmtime_error_message(error, &message);
    wasmtime_error_delete(error);
    return other(i, &message);
  }
  wasmtime_trap_code_t code;
  bool known = wasmtime_trap_code(trap, &code);
  if (!known) wasm_trap_message(trap, &message);
  wasm_trap_delete(trap);
  return known ? 1 + code : other(i, &message);
}

int32_t bh_call(bh_instance *i, uint64_t store, uintptr_t function, size_t slots) {
  wasmtime_func_t f = {.store_id = store, .__private = (void *)function};
  wasm_trap_t *trap = NULL;
  i->ended = false, i->looked = now();
  if (i->dirty) flush(i);
  wasmtime_error_t *error = wasmtime_func_call_unchecked(i->context, &f, i->slots, slots, &trap);
  i->runs++;
  if (i->fuel) global_value(i, &i->globals[i->fuel - 1]);
  return error || trap ? failure(i, error, trap) : 0;
}

bh_instance *bh_instantiate(wasm_engine_t *engine, const wasmtime_instance_pre_t *code, int64_t memory, int64_t elements, int64_t tables,
                            size_t slots, wasmtime_error_t **error) {
  bh_instance *i = calloc(1, sizeof *i + slots * sizeof *i->slots);
  if (!i) return NULL;
  i->slots = (wasmtime_val_raw_t *)(i + 1);
  i->store = wasmtime_store_new(engine, i, NULL);
  i->context = wasmtime_store_context(i->store);
  wasmtime_store_limiter(i->store, memory, elements, 1, tables, 1);
  wasm_trap_t *trap = NULL;
  made = NULL;
  *error = wasmtime_instance_pre_instantiate(code, i->context, &i->instance, &trap);
  if (trap) { // of a segment, or of a start function, which there is none
    wasm_trap_delete(trap);
    *error = wasmtime_error_new("instantiating traps");
  }
  i->memory = made;
  if (!*error) return i;
  bh_close(i);
  return NULL;
}

void bh_close(bh_instance *i) {
  wasmtime_store_delete(i->store);
  free(i->globals);
  free(i);
}

static bool find(bh_instance *i, const char *name, size_t size, wasmtime_extern_kind_t kind, wasmtime_extern_t *found) {
  return wasmtime_instance_export_get(i->context, &i->instance, name, size, found) && found->kind == kind;
}

bool bh_find_memory(bh_instance *i, const char *name, size_t size) {
  wasmtime_extern_t found;
  if (!find(i, name, size, WASMTIME_EXTERN_MEMORY, &found)) return false;
  i->handle = found.of.memory;
  return i->memory && wasmtime_memory_data(i->context, &i->handle) == i->memory->base;
}

bool bh_grow(bh_instance *i, uint64_t pages) {
  uint64_t before;
  wasmtime_error_t *error = wasmtime_memory_grow(i->context, &i->handle, pages, &before);
  if (error) wasmtime_error_delete(error);
  return !error;
}

static bool number(uint8_t kind) { return kind <= WASM_F64; }

bool bh_find_function(bh_instance *i, const char *name, size_t size, bh_export *found, uint8_t *types, size_t slots) {
  wasmtime_extern_t e;
  if (!find(i, name, size, WASMTIME_EXTERN_FUNC, &e)) return false;
  wasm_functype_t *type = wasmtime_func_type(i->context, &e.of.func);
  const wasm_valtype_vec_t *lists[2] = {wasm_functype_params(type), wasm_functype_results(type)};
  bool ok = lists[0]->size <= slots && lists[1]->size <= slots;
  for (int l = 0; ok && l < 2; l++)
    for (size_t n = 0; ok && n < lists[l]->size; n++) {
      uint8_t kind = wasm_valtype_kind(lists[l]->data[n]);
      ok = number(kind);
      *types++ = kind;
    }
  *found = (bh_export){e.of.func.store_id, (uintptr_t)e.of.func.__private, lists[0]->size, lists[1]->size};
  wasm_functype_delete(type);
  return ok;
}

int64_t bh_find_global(bh_instance *i, const char *name, size_t size, bool fuel) {
  wasmtime_extern_t e;
  if (!find(i, name, size, WASMTIME_EXTERN_GLOBAL, &e)) return -1;
  wasm_globaltype_t *type = wasmtime_global_type(i->context, &e.of.global);
  uint8_t kind = wasm_valtype_kind(wasm_globaltype_content(type));
  bool ok = number(kind) && wasm_globaltype_mutability(type) == WASM_VAR;
  wasm_globaltype_delete(type);
  bh_global *more = ok ? realloc(i->globals, (i->count + 1) * sizeof *more) : NULL;
  if (!more) return -1;
  i->globals = more;
  more[i->count] = (bh_global){.global = e.of.global, .kind = kind};
  global_value(i, &more[i->count]);
  if (fuel) i->fuel = i->count + 1;
  return i->count++;
}
