//go:build !wasip1

// Package native joins guest code that runs as ordinary Go with the fake host that tests it.
//
// A guest is a program with one host. Run natively it keeps that nature: its handlers are package variables, and Serve
// lets one host speak to them at a time.
package native

import (
	"sync"
	"sync/atomic"

	"bulkhead/abi"
)

// A Host answers the host functions. An error that is or wraps an abi.Errno reaches the guest as that number, any other
// as abi.ErrInternal.
type Host interface {
	// Capability is called for log, audit, sign, attest, infer and progress. slot is the level of Log, the key of Sign,
	// the model of Infer, 0 otherwise. Progress has 16 bytes of in: done and total, f64 little-endian.
	Capability(c abi.Capability, slot uint32, in []byte) ([]byte, error)
	// Asset returns what read serves for slot.
	Asset(slot uint32) ([]byte, error)
}

// A Guest is the pair of entry points that package sdk makes of the registered handlers. The text of an error is what the
// host would get.
type Guest struct {
	Configure func(config []byte) error
	Handle    func(request []byte) ([]byte, error)
}

var (
	serving sync.Mutex
	current atomic.Pointer[Host]
)

// Serve runs f, which calls into the guest, with h as its host. Only one Serve runs at a time; f must not call Serve.
func Serve(h Host, f func()) {
	serving.Lock()
	defer serving.Unlock()
	current.Store(&h)
	defer current.Store(nil)
	f()
}

// Current returns the host of the running Serve. Outside of one, as in a plugin's init, it is a host to which everything
// is unavailable.
func Current() Host {
	if h := current.Load(); h != nil {
		return *h
	}
	return nobody{}
}

type nobody struct{}

func (nobody) Capability(abi.Capability, uint32, []byte) ([]byte, error) {
	return nil, abi.ErrUnavailable
}

func (nobody) Asset(uint32) ([]byte, error) { return nil, abi.ErrUnavailable }
