package capability

import (
	"context"
	"sync"
	"time"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// overrunInterval is the least time between two entries about one plugin's use of one capability.
const overrunInterval = time.Second

// An overrun counts what the quota of one capability refused, and writes it: the first refusal at once, those after it
// summed up, in a goroutine of its own, so that the guest that ran into its quota waits for no device. There is at most one
// such goroutine, and no refusal goes uncounted.
type overrun struct {
	write func(spell) error // makes an entry durable

	writing sync.Mutex // held by the one who writes

	mu      sync.Mutex
	spell   spell
	written time.Time   // when the last entry was
	timer   *time.Timer // until the next; nil: none is due
	closed  bool
}

// A spell is refusals since the last entry.
type spell struct {
	n           int64
	first, last time.Time
}

// note counts one refusal.
func (o *overrun) note() {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if o.spell.n == 0 {
		o.spell.first = now
	}
	o.spell.n++
	o.spell.last = now
	o.schedule(now)
}

// schedule sees to the next entry. The lock is held.
func (o *overrun) schedule(now time.Time) {
	if o.timer == nil && !o.closed {
		o.timer = time.AfterFunc(max(0, overrunInterval-now.Sub(o.written)), o.flush)
	}
}

// flush writes what has been counted.
func (o *overrun) flush() {
	o.writing.Lock()
	defer o.writing.Unlock()
	s := o.take()
	var err error
	if s.n > 0 {
		err = o.write(s)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.timer, o.written = nil, time.Now()
	switch {
	case err != nil: // a log that has failed stops the host; another takes these with those to come
		o.spell.n += s.n
		o.spell.first = s.first
		if o.spell.last.Before(s.last) {
			o.spell.last = s.last
		}
	case o.spell.n > 0:
		o.schedule(o.written)
	}
}

func (o *overrun) take() spell {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.spell
	o.spell = spell{}
	return s
}

// close writes what is left.
func (o *overrun) close() {
	o.mu.Lock()
	o.closed = true
	if o.timer != nil {
		o.timer.Stop()
	}
	o.mu.Unlock()
	o.flush()
}

// exceeded records refusals. They belong to no one call: a quota is one for all of them.
func (b *Binding) exceeded(c abi.Capability, s spell) error {
	if b.Audit == nil { // nothing here is recorded: a plugin alone, as in a test
		return nil
	}
	return b.record(context.Background(), gate.Entry{
		Actor: "plugin/" + b.Alias, Action: c.String(), Resource: b.Name, Outcome: gate.Failure, Kind: gate.KindCapability, Event: gate.QuotaExceed,
		Reason: "more than the quota", Plugins: []gate.PluginRef{b.ref()}, Count: s.n, First: stamp(s.first), Last: stamp(s.last),
	})
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
