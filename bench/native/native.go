//go:build wasmtime

package native

/*
#cgo CFLAGS: -O3 -march=native -ffast-math
#cgo LDFLAGS: -lm
#cgo noescape native_echo
#cgo nocallback native_echo
#cgo noescape native_gemv_f32_bytes
#cgo nocallback native_gemv_f32_bytes
#cgo noescape native_gemv_i8_bytes
#cgo nocallback native_gemv_i8_bytes
#cgo noescape native_gemm_f32_bytes
#cgo nocallback native_gemm_f32_bytes
#cgo noescape native_gemm_i8_bytes
#cgo nocallback native_gemm_i8_bytes
#cgo noescape native_digits
#cgo nocallback native_digits
#cgo noescape native_digits_i8
#cgo nocallback native_digits_i8
#include "kernels.h"
*/
import "C"

import (
	"context"
	"errors"
	"runtime/cgo"
	"slices"
)

// Empty crosses into C and back.
func Empty(_ context.Context, dst, _ []byte) ([]byte, error) {
	C.native_empty()
	return dst, nil
}

// Echo copies its request there.
func Echo(_ context.Context, dst, request []byte) ([]byte, error) {
	dst, answer := room(dst, len(request))
	C.native_echo(first(answer), first(request), C.size_t(len(request)))
	return dst, nil
}

// Back is a call that calls back so many times, with its request.
func Back(f func(data []byte) error, times int) (call func(context.Context, []byte, []byte) ([]byte, error), close func()) {
	h := cgo.NewHandle(f)
	return func(_ context.Context, dst, request []byte) ([]byte, error) {
		if C.native_back(C.uintptr_t(h), first(request), C.size_t(len(request)), C.int(times)) != 0 {
			return nil, errors.New("native: the host function failed")
		}
		return dst, nil
	}, h.Delete
}

// A Kernel multiplies matrices whose first or second factor it keeps.
type Kernel struct {
	Name    string // as guests call it: gemv_f32, gemv_i8, gemm_f32, gemm_i8
	Weights []byte
	N       int // side of the square matrix
}

// Call answers the product with the request.
func (k Kernel) Call(_ context.Context, dst, request []byte) ([]byte, error) {
	n := C.int(k.N)
	rows := 1
	if k.Name[:4] == "gemm" {
		rows = k.N
	}
	element := 1
	if k.Name[5:] == "f32" {
		element = 4
	}
	if len(k.Weights) != k.N*k.N*element || len(request) != rows*k.N*element {
		return nil, errors.New("native: matrices of other sizes")
	}
	dst, answer := room(dst, 4*rows*k.N)
	switch k.Name {
	case "gemv_f32":
		C.native_gemv_f32_bytes(first(answer), first(k.Weights), first(request), n, n)
	case "gemv_i8":
		C.native_gemv_i8_bytes(first(answer), first(k.Weights), first(request), n, n)
	case "gemm_f32":
		C.native_gemm_f32_bytes(first(answer), first(request), first(k.Weights), n)
	case "gemm_i8":
		C.native_gemm_i8_bytes(first(answer), first(request), first(k.Weights), n)
	default:
		return nil, errors.New("native: no kernel " + k.Name)
	}
	return dst, nil
}

// Digits is the network of plugins/digits in f32, with the weights of one output together.
func Digits(weights []byte) func(context.Context, []byte, []byte) ([]byte, error) {
	return func(_ context.Context, dst, request []byte) ([]byte, error) {
		if len(request) != 4*784 || len(weights) != 4*(784*256+256+256*128+128+128*10+10) {
			return nil, errors.New("native: a picture or weights of another size")
		}
		dst, answer := room(dst, 40)
		C.native_digits(first(answer), first(weights), first(request))
		return dst, nil
	}
}

// DigitsInt is the network in int8, with the weights of plugins/digits.
func DigitsInt(weights []byte) func(context.Context, []byte, []byte) ([]byte, error) {
	return func(_ context.Context, dst, request []byte) ([]byte, error) {
		if len(request) != 4*784 || len(weights) != 784*256+256*128+128*10+4*(3+2*(256+128+10)) {
			return nil, errors.New("native: a picture or weights of another size")
		}
		dst, answer := room(dst, 40)
		C.native_digits_i8(first(answer), first(weights), first(request))
		return dst, nil
	}
}

// room appends n bytes to dst and returns them too.
func room(dst []byte, n int) (all, added []byte) {
	all = slices.Grow(dst, n)[:len(dst)+n]
	return all, all[len(dst):]
}

func first(b []byte) *C.uint8_t {
	if len(b) == 0 {
		return nil
	}
	return (*C.uint8_t)(&b[0])
}
