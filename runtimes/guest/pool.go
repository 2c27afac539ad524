package guest

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"

	"bulkhead/runtimes"
)

// A pool hands out instances, the last used first, to at most limit calls at once; the others wait their turn. No lock is
// held while a guest runs.
type pool struct {
	limit int

	mu       sync.Mutex
	idle     []*call
	places   int       // taken: at work, idle, or in the making
	queue    list.List // of chan *call: those who wait, the first in front
	users    int       // of the module: calls, makers of instances, and one until Close
	closed   bool
	replaced uint64
}

var errQueue = fmt.Errorf("%w while waiting for an instance", errTime)

// take returns an instance, or nil: then the caller has a place to make one for. The caller is a user now, unless the
// error is ErrClosed.
func (p *pool) take(ctx context.Context, until time.Time) (*call, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, runtimes.ErrClosed
	}
	p.users++
	if last := len(p.idle) - 1; last >= 0 {
		c := p.idle[last]
		p.idle = p.idle[:last]
		p.mu.Unlock()
		return c, nil
	}
	if p.places < p.limit {
		p.places++
		p.mu.Unlock()
		return nil, nil
	}
	turn := make(chan *call, 1)
	place := p.queue.PushBack(turn)
	p.mu.Unlock()
	return p.wait(ctx, until, turn, place)
}

func (p *pool) wait(ctx context.Context, until time.Time, turn chan *call, place *list.Element) (*call, error) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	err := errQueue
	select {
	case c := <-turn:
		return c, nil
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case c := <-turn: // too late for us, not for the next
		p.give(c)
	default:
		p.queue.Remove(place)
	}
	return nil, err
}

// give hands an instance, or the place to make one for if c is nil, to who waits longest, or keeps it. The lock is held.
func (p *pool) give(c *call) {
	switch first := p.queue.Front(); {
	case first != nil:
		p.queue.Remove(first).(chan *call) <- c
	case c != nil:
		p.idle = append(p.idle, c)
	default:
		p.places--
	}
}
