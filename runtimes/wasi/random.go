package wasi

import (
	"context"
	"crypto/rand"
	"runtime"
)

// randomGet fills the window from the operating system's generator. More than MaxChunk bytes at once is EINVAL.
func randomGet(g Guest, p []uint64) errno {
	w, ok := g.Window(uint32(p[0]), uint32(p[1]))
	if !ok {
		return fault
	}
	if len(w) > MaxChunk || g.Pay(len(w)) != nil {
		return inval
	}
	rand.Read(w) // never fails: it ends the process rather than return weak bytes
	return success
}

func schedYield(_ context.Context, _ Guest, stack []uint64) error {
	runtime.Gosched()
	stack[0] = uint64(success)
	return nil
}
