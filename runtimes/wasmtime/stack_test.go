//go:build wasmtime

package wasmtime

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes/guest"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// bottomless is a module whose f calls itself without end, and calls env.f first where it is told to. It is not metered: the
// engine's own limit has to hold.
func bottomless() []byte {
	m := &w.Module{}
	host := m.Import("env", "f", wasm.Signature("", ""))
	m.Memory(1, 1)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	again := m.Func(wasm.Signature("i", "i"), 0, w.Get(0), w.I32(1), w.Do(w.Add32), w.Call(1), w.I32(1), w.Do(w.Add32))
	m.Export("f", wasm.KindFunc, again)
	// down to a depth, and there env.f
	m.Export("down", wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0,
		append(append(append(w.Get(0), 0x45), w.If(w.Call(host), w.I32(0), []byte{0x0f})...), w.Get(0)...), w.I32(0xffffffff), w.Do(w.Add32), w.Call(2),
		w.I32(1), w.Do(w.Add32)))
	return m.Bytes()
}

func deep(t *testing.T, host guest.Func) *instance {
	t.Helper()
	return instantiate(t, compile(t, judge(), bottomless(), []guest.Import{{Module: "env", Name: "f", Type: wasm.Signature("", ""), Func: host}}, nil))
}

// Guests that go too deep end with ErrStack, on every thread: the first one, those that Go starts, and several at once.
func TestStackOnThreads(t *testing.T) {
	var all sync.WaitGroup
	for range 8 {
		i := deep(t, func(context.Context, []uint64) error { return nil })
		all.Go(func() {
			runtime.LockOSThread() // a thread of its own, which ends with the goroutine
			f := i.Export("f")
			for range 5 {
				var stack [1]uint64
				if err := f(context.Background(), stack[:]); !errors.Is(err, guest.ErrStack) {
					t.Errorf("%v, want %v", err, guest.ErrStack)
				}
			}
		})
	}
	all.Wait()
}

// A guest that went as deep as it may asks another one, which goes as deep as it may: the thread's stack holds both.
func TestStackOfNestedGuests(t *testing.T) {
	inner := deep(t, func(context.Context, []uint64) error { return nil })
	f := inner.Export("f")
	asked := 0
	outer := deep(t, func(ctx context.Context, _ []uint64) error {
		var stack [1]uint64
		if err := f(ctx, stack[:]); !errors.Is(err, guest.ErrStack) {
			t.Errorf("%v, want %v", err, guest.ErrStack)
		}
		asked++
		return nil
	})
	down := outer.Export("down")
	low, high := uint64(0), uint64(1<<24)
	for high-low > 100 { // to the last hundred frames that it has
		stack := [1]uint64{(low + high) / 2}
		if err := down(t.Context(), stack[:]); err == nil {
			low = (low + high) / 2
		} else {
			high = (low + high) / 2
		}
	}
	if asked == 0 || low < 1000 {
		t.Errorf("asked %d times, at most %d deep", asked, low)
	}
}

func TestStackOf(t *testing.T) {
	for thread, want := range map[int]int{8 << 20: (8<<20 - spareStack) / 2, 64 << 20: mostStack, 2 << 20: (2<<20 - spareStack) / 2, 0: -spareStack / 2} {
		if got := stackOf(thread); got != want {
			t.Errorf("of %d: %d, want %d", thread, got, want)
		}
	}
	if stackOf(leastThread) < leastStack {
		t.Error("the least thread is too small")
	}
}
