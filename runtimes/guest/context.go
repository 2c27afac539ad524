package guest

import (
	"time"

	"bulkhead/runtimes"
)

// A call is the context that the engine carries to the host functions. It has no values: the caller's are the Host's.

// late says why the run may not go on: its caller gave it up, or its time is over.
func (c *call) late() error {
	if err := c.caller.Err(); err != nil {
		return err
	}
	if c.module.now() >= c.deadline {
		return errTime
	}
	return nil
}

// Err implements context.Context.
func (c *call) Err() error { return c.late() }

// Value implements context.Context.
func (c *call) Value(any) any { return nil }

// Deadline implements context.Context.
func (c *call) Deadline() (time.Time, bool) { return c.lend().Deadline() }

// Done implements context.Context.
func (c *call) Done() <-chan struct{} { return c.lend().Done() }

// lend returns the context that the Host gets, the same one during a run.
func (c *call) lend() *runtimes.Lent {
	if c.lent == nil {
		c.lent = runtimes.Lend(c.caller, c.module.epoch.Add(c.deadline))
	}
	return c.lent
}
