package gate

import (
	"context"
	"slices"
	"sync"
	"testing"

	"bulkhead/runtimes"
)

// A model runs for the call of the plugin that asked: under its id, its principal and its deadline, and by its way.
func TestInner(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
	outer := &Running{Call: "c", Trace: "t", Principal: "ada"}
	ctx = WithRunning(ctx, outer)
	digits, vad := PluginRef{Alias: "digits", Digest: "d"}, PluginRef{Alias: "vad", Digest: "v"}
	first := outer.Enter(ctx, "inspect", digits)
	r := RunningFrom(first)
	if r == outer || r.Call != "c" || r.Trace != "t" || r.Principal != "ada" || r.Via != "inspect" || outer.Via != "" {
		t.Errorf("the model runs as %s %s %s via %s", r.Call, r.Trace, r.Principal, r.Via)
	}
	if first.Value(key{}) != "kept" || first.Err() != nil {
		t.Error("another context")
	}
	second := outer.Enter(ctx, "inspect", vad) // while the first is at work
	if second == first {
		t.Error("two models at once have one context")
	}
	first.Usage = runtimes.Usage{Fuel: 5}
	first.End()
	second.Usage = runtimes.Usage{Fuel: 7, Reported: true}
	second.End()
	again := outer.Enter(ctx, "inspect", digits)
	if again != second || again.Usage != (runtimes.Usage{}) {
		t.Error("asking again costs a context, or finds what the last one used")
	}
	if meanwhile := outer.Enter(ctx, "inspect", digits); meanwhile == again {
		t.Error("a context that is in use was given out")
	}
	again.End()
	if by := outer.Enter(context.WithValue(ctx, key{}, 1), "inspect", digits); by == again || by.Value(key{}) != 1 {
		t.Error("another context is not asked")
	}
	again.End()
	if by := outer.Enter(ctx, "other", digits); by == again || RunningFrom(by).Via != "other" {
		t.Error("another plugin got the same context")
	}
	if fuel, reported := outer.Fuel(); fuel != 12 || !reported {
		t.Errorf("the call paid %d, reported %v", fuel, reported)
	}
	if !slices.Equal(outer.Used(), []PluginRef{digits, vad}) {
		t.Errorf("noted %v", outer.Used())
	}
	if cancel(); again.Err() == nil {
		t.Error("the model outlives its caller")
	}
}

// Plugins of one call may run at once.
func TestInnerInParallel(t *testing.T) {
	outer := &Running{Call: "c"}
	ctx := WithRunning(t.Context(), outer)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				i := outer.Enter(ctx, "inspect", PluginRef{Alias: "digits"})
				i.Usage.Fuel++
				i.End()
			}
		})
	}
	all.Wait()
	if fuel, _ := outer.Fuel(); fuel != 800 {
		t.Errorf("paid %d, want 800", fuel)
	}
}
