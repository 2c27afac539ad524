// What Go needs of wasmtime in fewer crossings than its C API takes: a call, with everything around it, in one.
#ifndef BULKHEAD_BINDING_H
#define BULKHEAD_BINDING_H

#if !__has_include(<wasmtime.h>)
#error "wasmtime's headers are missing: build by make, or first run: eval $(make -s wasmtime-env)"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wasm.h>
#include <wasmtime.h>

#if WASMTIME_VERSION_MAJOR != 39 || WASMTIME_VERSION_MINOR != 0 || WASMTIME_VERSION_PATCH != 0
#error "wasmtime's headers are of another version than the library: see CGO_CFLAGS"
#endif

// A linear memory: address space for all that a 32-bit address and an offset can name, of which the first size bytes can be
// used. It never moves, so that compiled code needs no bounds checks and Go may keep base.
typedef struct bh_memory {
  uint8_t *base;
  size_t size;      // bytes
  size_t reserved;  // bytes that it may have
  size_t guard;     // bytes before and behind, which nobody can touch
} bh_memory;

// A mutable global of a number type. Go reads and writes bits; they meet the guest's value when the guest starts to run, and
// when it stops.
typedef struct bh_global {
  wasmtime_global_t global;
  uint64_t bits;
  uint64_t seen;  // the run of the instance that bits are of
  uint8_t kind;   // wasmtime_valkind_t
  bool dirty;     // bits are newer than the guest's
} bh_global;

// A store with one instance in it.
typedef struct bh_instance {
  wasmtime_store_t *store;
  wasmtime_context_t *context;
  wasmtime_instance_t instance;
  void *owner;  // Go's instance, pinned
  bh_memory *memory;
  wasmtime_memory_t handle;  // of memory
  wasmtime_val_raw_t *slots;  // parameters and results of calls
  bh_global *globals;
  size_t count;   // of globals
  size_t dirty;   // how many are
  bool ended;     // by a host function
  size_t fuel;    // the place of the guest's counter among globals, and one more; 0: it is not there
  uint64_t given, total;  // guest.Fuel
  uint64_t slice; // guest.Slice
  int64_t looked; // when Go had its turn last, in ms
  uint64_t runs;  // counts what the guest ran in one piece
  char message[256];  // of the last failure
} bh_instance;

_Static_assert(offsetof(bh_instance, total) == offsetof(bh_instance, given) + sizeof(uint64_t), "guest.Fuel");

// What a function of the guest takes and gives.
typedef struct bh_export {
  uint64_t store;
  uintptr_t function;
  uint32_t params, results;
} bh_export;

// How long a guest runs without a look of Go, in ms. The clock may be 10 behind, and a slice take as long.
#define BH_LOOK 5

// How a call ended: 0 well, a wasmtime_trap_code_t and one more, by a host function, or otherwise, with a message.
#define BH_HOST -1
#define BH_OTHER -2

// bh_prepare has to come before an engine is made: it keeps the library from writing backtraces, which take longer than most
// calls, and returns the bytes of stack that every thread has.
size_t bh_prepare(void);

// bh_memories has an engine use bh_memory.
void bh_memories(wasm_config_t *config);

// bh_link defines a host function: number of the import for bulkheadHost, and types as wasm_valkind_t. One that
// yields gives the next slice of fuel itself where guest.Refueler allows it.
wasmtime_error_t *bh_link(wasmtime_linker_t *linker, const char *module, size_t module_size, const char *name, size_t name_size,
                          const uint8_t *params, size_t param_count, const uint8_t *results, size_t result_count, uintptr_t number, bool yields);

// bh_instantiate returns a new instance, or NULL and an error. slots is the most that a call takes.
bh_instance *bh_instantiate(wasm_engine_t *engine, const wasmtime_instance_pre_t *code, int64_t memory, int64_t elements, int64_t tables,
                            size_t slots, wasmtime_error_t **error);
void bh_close(bh_instance *instance);

// bh_find_memory finds the exported memory, which MUST be the instance's own.
bool bh_find_memory(bh_instance *instance, const char *name, size_t size);
bool bh_grow(bh_instance *instance, uint64_t pages);

// bh_find_function returns false if there is no such export, or one with other than number types or more than slots of them.
// Its params and results are in types.
bool bh_find_function(bh_instance *instance, const char *name, size_t size, bh_export *found, uint8_t *types, size_t slots);

// bh_find_global returns the place of a mutable global of a number type among globals, or -1. That of the counter of fuel is
// fetched whenever a call ends.
int64_t bh_find_global(bh_instance *instance, const char *name, size_t size, bool fuel);
void bh_fetch(bh_instance *instance, bh_global *global);

// bh_call runs a function of the guest on slots.
int32_t bh_call(bh_instance *instance, uint64_t store, uintptr_t function, size_t slots);

#endif
