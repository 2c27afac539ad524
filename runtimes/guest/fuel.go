package guest

import (
	"fmt"

	"bulkhead/runtimes"
	"bulkhead/runtimes/wasm"
)

// The guest counts its fuel down in a global that only the code which package wasm adds can reach, and calls yield when
// it is below zero. It gets fuel in slices, so that it yields often: there the host looks at clock and context, and Go's
// scheduler and collector get their turn. A slice is a third of a microsecond of vectors, some microseconds of plain
// computing, or ten milliseconds if each store meets a page for the first time.

// hostCost is what a host function costs, in units, besides one for every 64 bytes that it moves.
const hostCost = 100

var (
	errFuel = fmt.Errorf("%w: fuel", runtimes.ErrLimit)
	errTime = fmt.Errorf("%w: time", runtimes.ErrLimit)
	// ErrStack says that a guest went too deep.
	ErrStack = fmt.Errorf("%w: call stack", runtimes.ErrLimit)
)

// A tank is the fuel of one run.
type tank struct {
	fuel, stack Global
	*Fuel
}

// fill starts a run that may use total units. The stack is as it was: a run that does not give all of it back has failed, and
// its instance has no other.
func (t *tank) fill(total uint64) {
	t.Total, t.Given = total, min(Slice, total)
	t.fuel.Set(t.Given)
}

// used is what the run has used so far. While a function of the guest loops, it has the counter to itself, so a run that
// traps there has used up to a slice more; it is the same on every engine all the same.
func (t *tank) used() uint64 { return t.Given - t.fuel.Get() }

// next gives the next slice to a guest whose counter is below zero. The guest sets its counter itself.
func (t *tank) next(counter uint64) (uint64, error) {
	used := t.Given - counter
	if used > t.Total {
		t.fuel.Set(counter)
		return 0, errFuel
	}
	more := min(Slice, t.Total-used)
	t.Given = used + more
	return more, nil
}

// pay charges the guest for work of the host. The counter need not be touched before the end is near.
func (t *tank) pay(units uint64) error {
	t.Given += units
	if t.Given <= t.Total {
		return nil
	}
	used := t.used()
	if used > t.Total {
		return errFuel
	}
	t.Given = t.Total
	t.fuel.Set(t.Total - used)
	return nil
}

// yield is the host function that metered code calls.
func (c *call) yield(stack []uint64) error {
	if int64(stack[0]) == wasm.StackOverflow {
		return ErrStack
	}
	more, err := c.next(stack[0])
	if err != nil {
		return err
	}
	if err := c.late(); err != nil {
		c.fuel.Set(more) // the guest will not
		return err
	}
	stack[0] = more
	return nil
}

// charge charges the guest for n bytes. An error ends the run.
func (c *call) charge(n int) error {
	if c.end == nil {
		c.end = c.pay(uint64(n) >> 6)
	}
	return c.end
}

// Pay is charge for WASI, with a look at context and clock: one of its functions may call the Host many times.
func (c *call) Pay(n int) error {
	if c.end == nil {
		c.end = c.late()
	}
	return c.charge(n)
}
