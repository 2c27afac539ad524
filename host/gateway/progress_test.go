package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// A client that does not read holds neither the guest that reports to it nor the record of how its call ended.
func TestProgressHoldsNoGuest(t *testing.T) {
	ended := make(chan struct{})
	eager := text("eager", "done")
	eager.Invoke = func(ctx context.Context, _ abi.ToolRequest) (*abi.ToolAnswer, error) {
		defer close(ended)
		report := ctx.Value(sinkKey{}).(func(done, total float64))
		for i := range 10 * maxReports {
			report(float64(i), 0)
		}
		return &abi.ToolAnswer{}, nil
	}
	w := stdioWorld(t, eager)
	w.WithProgress = withSink
	k := w.talk(t)
	k.say(t, strings.Replace(callBody("eager", `{}`), `"_meta":{`, `"_meta":{"progressToken":17,`, 1))
	within(t, ended, "the tool")
	w.recorded(t, gate.KindResult)
	last := -1
	for a := k.hear(t); a.result == nil; a = k.hear(t) {
		_, rest, _ := strings.Cut(a.raw, `"progress":`)
		var n int
		if _, err := fmt.Sscanf(rest, "%d", &n); err != nil || n <= last {
			t.Fatalf("after %d: %s", last, a.raw)
		}
		last = n
	}
	if last < 0 {
		t.Error("no report came before the answer")
	}
}

// recorded waits for an entry of this kind.
func (w *world) recorded(t *testing.T, kind gate.Kind) {
	t.Helper()
	for range 1000 {
		w.mu.Lock()
		for _, e := range w.entries {
			if e.Kind == kind {
				w.mu.Unlock()
				return
			}
		}
		w.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("waited for an entry of kind %s in vain", kind)
}
