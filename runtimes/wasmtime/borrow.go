//go:build wasmtime

package wasmtime

// #include "binding.h"
import "C"

import (
	"errors"
	"unsafe"
)

// bytesOf lends b to a function of C, which MUST NOT keep it.
func bytesOf(b []byte) (*C.uint8_t, C.size_t) {
	return (*C.uint8_t)(unsafe.SliceData(b)), C.size_t(len(b))
}

// text lends s to a function of C, which MUST NOT keep it.
func text(s string) (*C.char, C.size_t) {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s))), C.size_t(len(s))
}

// failed takes an error of C, which may be none.
func failed(e *C.wasmtime_error_t) error {
	if e == nil {
		return nil
	}
	var message C.wasm_byte_vec_t
	C.wasmtime_error_message(e, &message)
	C.wasmtime_error_delete(e)
	return errors.New(string(taken(&message)))
}

// taken copies bytes of C, and frees them.
func taken(v *C.wasm_byte_vec_t) []byte {
	defer C.wasm_byte_vec_delete(v)
	return C.GoBytes(unsafe.Pointer(v.data), C.int(v.size))
}
