package gate

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"bulkhead/abi"
)

// slow is a Runner that runs until it is told to end.
type slow struct {
	*fakeTool
	end chan struct{}
}

func (s *slow) Run(ctx context.Context, c *Caller) (*abi.ToolAnswer, error) {
	<-s.end
	return s.fakeTool.Run(ctx, c)
}

func TestDrainWaitsForResultsAndLetsNobodyIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t).open(t)
		tool := &slow{&fakeTool{w: w, answer: &abi.ToolAnswer{}}, make(chan struct{})}
		go w.Do(t.Context(), call(), tool)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.Drain(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("drained with a call inside: %v", err)
		}
		if _, err := w.Do(t.Context(), call(), tool); !errors.Is(err, ErrUnavailable) || w.asked != 1 {
			t.Errorf("a call came in after Drain: %v, %d asked", err, w.asked)
		}
		close(tool.end)
		if err := w.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if want := []string{"decision success", "result success"}; !slices.Equal(w.kinds(), want) {
			t.Errorf("log holds %v, want %v", w.kinds(), want)
		}
	})
}
