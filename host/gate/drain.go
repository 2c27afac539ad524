package gate

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// A turnstile counts the calls inside and can be closed to new ones.
type turnstile struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

var errStopping = errors.New("the host is stopping")

// enter lets a call in, which must leave.
func (t *turnstile) enter() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return errStopping
	}
	t.inside.Add(1)
	return nil
}

func (t *turnstile) leave() { t.inside.Done() }

func (t *turnstile) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
}

// Drain turns new calls away from now on, with ErrUnavailable, and waits until those inside have ended and their results
// are in the log. It waits no longer than ctx: what then still runs finds the log closed, its answer is withheld, and the
// next start closes its decision with Partial.
func (g *Gate) Drain(ctx context.Context) error {
	g.calls.close()
	done := make(chan struct{})
	go func() {
		g.calls.inside.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for running calls: %w", ctx.Err())
	}
}
