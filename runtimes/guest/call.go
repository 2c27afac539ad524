package guest

import (
	"context"
	"errors"

	"bulkhead/abi"
	"bulkhead/runtimes/wasi"
)

// A phase says what a guest may do at the moment.
type phase uint8

const (
	loading    phase = iota // first start: only log, read and WASI work
	restarting              // the same start once more, before a call: and its log lines are not repeated
	handling                // everything granted works
)

// A call is the state of one instance at work. It is the context that the engine carries to the host functions; Context,
// the caller's own, is what the Host gets.
type call struct {
	context.Context
	module   *Module
	instance Instance
	phase    phase
	end      error  // why a host function ended the run
	kept     []byte // answer that did not fit, for result
	scratch  []byte // empty, where the Host answers
	stdio    wasi.Stdio
	ratio    ratio
	stack    [2]uint64
}

// window returns n bytes of guest memory at address, with no room behind them.
func (c *call) window(address, n uint64) ([]byte, error) {
	memory := c.instance.Memory()
	from, length := uint64(uint32(address)), uint64(uint32(n))
	if from+length > uint64(len(memory)) {
		return nil, abi.ErrFault
	}
	return memory[from : from+length : from+length], nil
}

// Window is window for WASI.
func (c *call) Window(address, n uint32) ([]byte, bool) {
	w, err := c.window(uint64(address), uint64(n))
	return w, err == nil
}

// Stdio is the call's, for WASI.
func (c *call) Stdio() *wasi.Stdio { return &c.stdio }

// ask calls the Host. Only handling reaches it, and log lines of loading.
func (c *call) ask(capability abi.Capability, slot uint32, dst, in []byte) (answer []byte, err error) {
	if c.phase != handling && (c.phase != loading || capability != abi.Log) {
		return nil, abi.ErrUnavailable
	}
	defer func() {
		if recover() != nil {
			c.module.panics.Add(1)
			answer, err = nil, abi.ErrInternal
		}
	}()
	return c.module.program.Host.Capability(c.Context, capability, slot, dst, in)
}

// errnoOf is what a guest learns of an error: its errno, if it is one of ABI v1.
func errnoOf(err error) abi.Errno {
	var e abi.Errno
	if errors.As(err, &e) && e <= abi.ErrDenied && e >= abi.ErrInternal {
		return e
	}
	return abi.ErrInternal
}
