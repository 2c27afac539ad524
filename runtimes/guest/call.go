package guest

import (
	"context"
	"errors"
	"slices"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wasi"
	"bulkhead/runtimes/wasm"
)

// A phase says what a guest may do at the moment.
type phase uint8

const (
	loading    phase = iota // first start: only log, read and WASI work
	restarting              // the same start once more: and its log lines are not repeated
	handling                // everything granted works
)

// A call is an instance, with the state of the run that it is at: a start, or one call. The instance outlives the run.
type call struct {
	module   *Module
	instance Instance
	input    Func
	handle   Func
	globals  []Global // all mutable ones of the guest
	buffer   uint32   // address of the guest's buffer for requests
	tank

	phase    phase
	caller   context.Context
	deadline time.Duration  // since the module's epoch
	lent     *runtimes.Lent // what the Host has of caller and deadline, if anything
	end      error          // why a host function ended the run
	kept     []byte         // answer that did not fit, for result
	scratch  []byte         // empty, where the Host answers
	spare    []byte         // empty, with the kept answer in it, if that is not the Host's
	stdio    wasi.Stdio
	ratio    abi.Ratio
	stack    [2]uint64
}

// adopt makes a call of a new instance.
func (m *Module) adopt(i Instance) (*call, error) {
	c := &call{module: m, instance: i, input: i.Export(abi.ExportInput), handle: i.Export(abi.ExportHandle)}
	c.fuel, c.tank.stack = i.Global(wasm.ExportFuel), i.Global(wasm.ExportStack)
	if r, ok := i.(Refueler); ok {
		c.Fuel = r.Fuel()
	} else {
		c.Fuel = new(Fuel)
	}
	for _, name := range m.globals {
		c.globals = append(c.globals, i.Global(name))
	}
	if c.input == nil || c.handle == nil || slices.Contains(append(c.globals, c.fuel, c.tank.stack), nil) {
		return nil, errors.New("an export of the metered module is missing")
	}
	c.tank.stack.Set(wasm.StackBudget)
	return c, nil
}

// begin starts a run for a caller, until a deadline, with so much fuel.
func (c *call) begin(ctx context.Context, p phase, deadline time.Duration, fuel uint64) {
	c.phase, c.caller, c.deadline, c.end = p, ctx, deadline, nil
	c.fill(fuel)
}

// finish ends a run: what the guest printed is logged, and nothing of it stays here.
func (c *call) finish() {
	c.stdio.Flush(c)
	if c.lent != nil {
		c.lent.GiveBack()
	}
	c.caller, c.lent, c.kept, c.stdio, c.ratio = nil, nil, nil, wasi.Stdio{}, abi.Ratio{}
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
	if capability == abi.Infer && c.module.inferrer != nil {
		return c.module.inferrer.Infer(c.lend(), slot, dst[:cap(dst)], in)
	}
	return c.module.program.Host.Capability(c.lend(), capability, slot, dst, in)
}
