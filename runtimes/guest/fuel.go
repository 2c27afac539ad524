package guest

import (
	"fmt"

	"bulkhead/runtimes"
	"bulkhead/runtimes/wasm"
)

// The guest counts its fuel down in a global that only the code which package wasm adds can reach, and calls yield when
// it is below zero. It gets fuel in slices, so that it yields often: there the host looks at clock and context, and Go's
// scheduler and collector get their turn.
const (
	slice    = 20_000 // units: some microseconds of computing, or ten milliseconds if each store meets a page for the first time
	hostCost = 100    // units that a host function costs, besides one for every 64 bytes that it moves
)

var (
	errFuel = fmt.Errorf("%w: fuel", runtimes.ErrLimit)
	errTime = fmt.Errorf("%w: time", runtimes.ErrLimit)
	// ErrStack says that a guest went too deep.
	ErrStack = fmt.Errorf("%w: call stack", runtimes.ErrLimit)
)

// A tank is the fuel of one run. What was given and is not in the guest's counter has been used.
type tank struct {
	fuel, stack  Global
	given, total uint64
}

// fill starts a run that may use total units.
func (t *tank) fill(total uint64) {
	t.total, t.given = total, min(slice, total)
	t.fuel.Set(t.given)
	t.stack.Set(wasm.StackBudget)
}

// used is what the run has used so far. While a function of the guest loops, it has the counter to itself, so a run that
// traps there has used up to a slice more; it is the same on every engine all the same.
func (t *tank) used() uint64 { return t.given - t.fuel.Get() }

// next gives the next slice to a guest whose counter is below zero.
func (t *tank) next(counter uint64) (uint64, error) {
	t.fuel.Set(counter)
	used := t.given - counter
	if used > t.total {
		return 0, errFuel
	}
	more := min(slice, t.total-used)
	t.given = used + more
	t.fuel.Set(more)
	return more, nil
}

// pay charges the guest for work of the host. The counter need not be touched before the end is near.
func (t *tank) pay(units uint64) error {
	t.given += units
	if t.given <= t.total {
		return nil
	}
	used := t.used()
	if used > t.total {
		return errFuel
	}
	t.given = t.total
	t.fuel.Set(t.total - used)
	return nil
}

// yield is the host function that metered code calls.
func (c *call) yield(stack []uint64) error {
	if int64(stack[0]) == wasm.StackOverflow {
		return ErrStack
	}
	more, err := c.next(stack[0])
	if err == nil {
		stack[0], err = more, c.late()
	}
	return err
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
