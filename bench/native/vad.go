//go:build wasmtime

package native

/*
#cgo CFLAGS: -I${SRCDIR}/../../sdk/c
#cgo noescape native_vad
#cgo nocallback native_vad
#include "vad.h"
*/
import "C"

import (
	"context"
	"errors"
)

// VAD is the network of plugins/vad with its weights.
func VAD(weights []byte) func(context.Context, []byte, []byte) ([]byte, error) {
	return func(_ context.Context, dst, request []byte) ([]byte, error) {
		if len(request) != 4*(576+256) {
			return nil, errors.New("native: not a frame and a state")
		}
		dst, answer := room(dst, 4*(1+256))
		C.native_vad(first(answer), first(request), first(weights))
		return dst, nil
	}
}
