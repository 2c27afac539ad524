package gate

import (
	"context"
	"slices"
	"sync"
)

// Running identifies the call on whose behalf a guest runs. Capabilities find it in their context. It is safe for
// concurrent use.
type Running struct {
	Call      string
	Trace     string
	Principal string
	Via       string // alias of the tool plugin that asked, while a model runs for it through infer; "" otherwise

	mu   sync.Mutex
	used []PluginRef
}

// maxUsed bounds what a guest can make the host remember about one call.
const maxUsed = 64

// Use notes a plugin that took part in the call, once, for its result entry.
func (r *Running) Use(p PluginRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.used) < maxUsed && !slices.Contains(r.used, p) {
		r.used = append(r.used, p)
	}
}

// Used returns the noted plugins in the order of their first use.
func (r *Running) Used() []PluginRef {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.used)
}

type runningKey struct{}

// WithRunning returns a context for the guests of a call.
func WithRunning(ctx context.Context, r *Running) context.Context {
	return context.WithValue(ctx, runningKey{}, r)
}

// RunningFrom returns the call that ctx belongs to, nil if there is none, as during Load.
func RunningFrom(ctx context.Context) *Running {
	r, _ := ctx.Value(runningKey{}).(*Running)
	return r
}
