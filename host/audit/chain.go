package audit

import (
	"errors"

	"bulkhead/host/gate"
)

// A chain is what must be known of a log to say what follows: how many entries there are, and the last one's hash and
// time.
type chain struct {
	size uint64
	last string // hash of the last entry
	time string // timestamp of the last entry
}

func newChain() chain { return chain{last: noHash} }

var (
	errPrevious = errors.New("the entry does not follow the one before it")
	errTime     = errors.New("the entry is older than the one before it")
)

// check reports whether r may come next.
func (c *chain) check(r record) error {
	if r.entry.PreviousHash != c.last {
		return errPrevious
	}
	if r.entry.Timestamp < c.time { // of one layout, so that text sorts like time
		return errTime
	}
	return nil
}

// add takes the next entry.
func (c *chain) add(e *gate.Entry, hash string) {
	c.size++
	c.last, c.time = hash, e.Timestamp
}
