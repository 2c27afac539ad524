package gate

import (
	"context"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// An Inner is the context of a model that runs for another plugin of a call: on behalf of the same principal, until the
// same deadline, and noted in the same result entry.
type Inner struct {
	context.Context // of the plugin that asked
	running         Running
	outer           *Running

	Usage runtimes.Usage // what the model used, for End
}

// Enter returns the context for a model that runs for the plugin with the alias via, whose own context is ctx. The model is
// noted, whatever comes of it. End MUST be called when it has answered.
//
// A plugin that asks again gets the same one, so that asking costs no memory.
func (r *Running) Enter(ctx context.Context, via string, model PluginRef) *Inner {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.use(model)
	i := r.model
	r.model = nil
	if i == nil || i.Context != ctx || i.running.Via != via {
		i = &Inner{Context: ctx, outer: r}
		i.running.Call, i.running.Trace, i.running.Parent, i.running.Principal, i.running.Via = r.Call, r.Trace, r.Parent, r.Principal, via
	}
	i.Usage = runtimes.Usage{}
	return i
}

// End adds to the call what the model used, fuel and capabilities.
func (i *Inner) End() {
	i.outer.mu.Lock()
	defer i.outer.mu.Unlock()
	i.outer.add(i.Usage)
	i.outer.addGrants(abi.Grants(i.running.grants.Load()))
	i.outer.model = i
}

// Value implements context.Context.
func (i *Inner) Value(key any) any {
	if key == (runningKey{}) {
		return &i.running
	}
	return i.Context.Value(key)
}
