//go:build wasmtime

package wasmtime

// #include "binding.h"
import "C"

// Memory of a guest: all that an address of 32 bits names, and behind it what an access with a small offset may reach too,
// so that compiled code compares nothing.
const (
	reservation = 4 << 30
	guard       = 32 << 20
)

// Stack of a guest, in bytes of the machine's, which is the thread's: cgo does not change stacks. Of the budget that package
// wasm counts, frames take half in truth; a guest whose frames are full of vectors may meet this limit before that one, with
// the same error, and less fuel used than on another engine.
const (
	mostStack = 4 << 20
	// leastStack is too little for what languages other than C do.
	leastStack = 512 << 10
	// nested is how many guests may run one in another: a tool that infers, and its model.
	nested = 2
	// spareStack is for what is not the guest's.
	spareStack  = 256 << 10
	leastThread = nested*leastStack + spareStack
)

// stackOf is what a guest may have of a thread's stack.
func stackOf(thread int) int { return min((thread-spareStack)/nested, mostStack) }

// settings switches off what ABI v1 has not and wasmtime has, by default or in its next version, and chooses how code is
// made.
func settings(stack int) *C.wasm_config_t {
	c := C.wasm_config_new()
	features(c)
	C.wasmtime_config_max_wasm_stack_set(c, C.size_t(max(stack, leastStack)))
	C.wasmtime_config_memory_may_move_set(c, false)
	C.wasmtime_config_memory_reservation_set(c, reservation)
	C.wasmtime_config_memory_guard_size_set(c, guard)
	C.wasmtime_config_memory_reservation_for_growth_set(c, 0)
	C.wasmtime_config_memory_init_cow_set(c, false) // needs a file, and images start where a guest has started
	C.bh_memories(c)
	C.wasmtime_config_signals_based_traps_set(c, true)
	C.wasmtime_config_strategy_set(c, C.WASMTIME_STRATEGY_CRANELIFT)
	C.wasmtime_config_cranelift_opt_level_set(c, C.WASMTIME_OPT_LEVEL_SPEED)
	C.wasmtime_config_cranelift_debug_verifier_set(c, false)
	C.wasmtime_config_cranelift_nan_canonicalization_set(c, false)
	C.wasmtime_config_parallel_compilation_set(c, false)
	C.wasmtime_config_native_unwind_info_set(c, false)
	C.wasmtime_config_debug_info_set(c, false)
	C.wasmtime_config_profiler_set(c, C.WASMTIME_PROFILING_STRATEGY_NONE)
	C.wasmtime_config_consume_fuel_set(c, false) // package wasm counts
	C.wasmtime_config_epoch_interruption_set(c, false)
	C.wasmtime_config_async_support_set(c, false)
	return c
}

func features(c *C.wasm_config_t) {
	C.wasmtime_config_wasm_simd_set(c, true)
	C.wasmtime_config_wasm_relaxed_simd_set(c, true) // where the program may: package wasm sees to it
	C.wasmtime_config_wasm_relaxed_simd_deterministic_set(c, false)
	C.wasmtime_config_wasm_bulk_memory_set(c, true)
	C.wasmtime_config_wasm_reference_types_set(c, true)
	C.wasmtime_config_wasm_multi_value_set(c, true)
	C.wasmtime_config_wasm_threads_set(c, false)
	C.wasmtime_config_wasm_tail_call_set(c, false)
	C.wasmtime_config_wasm_function_references_set(c, false)
	C.wasmtime_config_wasm_gc_set(c, false)
	C.wasmtime_config_wasm_multi_memory_set(c, false)
	C.wasmtime_config_wasm_memory64_set(c, false)
	C.wasmtime_config_wasm_wide_arithmetic_set(c, false)
	C.wasmtime_config_wasm_exceptions_set(c, false)
	C.wasmtime_config_wasm_custom_page_sizes_set(c, false)
	C.wasmtime_config_wasm_stack_switching_set(c, false)
	C.wasmtime_config_wasm_component_model_set(c, false)
}
