//go:build wasmtime

package wasmtime

// #include "binding.h"
import "C"

import (
	"errors"

	"bulkhead/runtimes/guest"
)

// failure says how a call ended that did not end well.
func (i *instance) failure(status C.int32_t) error {
	switch {
	case status == C.BH_HOST:
		err := i.failed
		i.failed = nil
		return err
	case status == 1+C.WASMTIME_TRAP_CODE_STACK_OVERFLOW:
		return guest.ErrStack
	case status > 0:
		return errors.New(trapText(status - 1))
	}
	return errors.New(C.GoString(&i.c.message[0]))
}

func trapText(code C.int32_t) string {
	switch code {
	case C.WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS:
		return "out of bounds memory access"
	case C.WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS:
		return "undefined element: out of bounds table access"
	case C.WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL:
		return "uninitialized element"
	case C.WASMTIME_TRAP_CODE_BAD_SIGNATURE:
		return "indirect call type mismatch"
	case C.WASMTIME_TRAP_CODE_INTEGER_OVERFLOW:
		return "integer overflow"
	case C.WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO:
		return "integer divide by zero"
	case C.WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER:
		return "invalid conversion to integer"
	case C.WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED:
		return "unreachable"
	}
	return "trap of another kind"
}
