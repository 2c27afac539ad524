package gate

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// Running identifies the call on whose behalf a guest runs. Capabilities find it in their context. It is safe for
// concurrent use.
type Running struct {
	Call      string
	Trace     string
	Parent    string // the caller's span, "" if it named none
	Principal string
	Via       string // alias of the tool plugin that asked, while a model runs for it through infer (Enter); "" otherwise

	grants atomic.Uint32 // abi.Grants that were used

	mu       sync.Mutex
	model    *Inner // the last one that came back
	used     []PluginRef
	fuel     uint64
	reported bool
}

const (
	maxUsed = 64        // bounds what a guest can make the host remember about one call
	maxFuel = 1<<53 - 1 // every reader of the log is exact up to here
)

// Use notes a plugin that took part in the call, once, for its result entry.
func (r *Running) Use(p PluginRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.use(p)
}

func (r *Running) use(p PluginRef) {
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

// UseGrant notes a capability that a plugin of the call uses, for its result entry. Nobody minds on a nil Running.
func (r *Running) UseGrant(c abi.Capability) {
	if r != nil {
		r.addGrants(abi.GrantsOf(c))
	}
}

// addGrants writes only what is new: many instances share the word.
func (r *Running) addGrants(g abi.Grants) {
	if bits := uint32(g); r.grants.Load()&bits != bits {
		r.grants.Or(bits)
	}
}

// Grants returns the names of the noted capabilities, sorted, each once.
func (r *Running) Grants() []string {
	var names []string
	for _, c := range abi.Grants(r.grants.Load()).List() {
		names = append(names, c.String())
	}
	slices.Sort(names)
	return names
}

// Measure calls a module for the call and adds the fuel that it used, after an error too, for the call's result entry. On
// a nil Running it is Call.
func (r *Running) Measure(ctx context.Context, m runtimes.Module, dst, request []byte) ([]byte, error) {
	if r == nil {
		return m.Call(ctx, dst, request)
	}
	var u runtimes.Usage
	answer, err := runtimes.Measure(ctx, m, dst, request, &u)
	r.spend(u)
	return answer, err
}

// spend adds up. A figure is no more than a plugin's whole allowance, whoever reports it, and the sum stays exact.
func (r *Running) spend(u runtimes.Usage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(u)
}

func (r *Running) add(u runtimes.Usage) {
	r.fuel = min(r.fuel+min(u.Fuel, runtimes.MaxFuel), maxFuel)
	r.reported = r.reported || u.Reported
}

// Fuel returns what the guests of the call have used so far, and whether any of it is only what a worker reports.
func (r *Running) Fuel() (units uint64, reported bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fuel, r.reported
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
