package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bulkhead/runtimes"
)

// A Layer is one part of the sandbox.
type Layer struct {
	Name     string
	Required bool
	Present  bool
	Detail   string // version or reason, one line; may be empty
}

// layersOf lists what stands around a worker.
func layersOf(g greeting, how isolation) []Layer {
	has := func(bit uint32) bool { return g.layers&bit != 0 }
	version := ""
	if g.landlock > 0 {
		version = fmt.Sprintf("ABI %d", g.landlock)
	}
	return []Layer{
		{"process", true, true, ""},
		{"hidden", true, has(layerHidden), "not dumpable, no capabilities"},
		{"no_new_privs", true, has(layerNoNewPrivs), ""},
		{"landlock", true, has(layerLandlock), version},
		{"rlimits", true, has(layerRlimits), ""},
		{"seccomp", true, has(layerSeccomp), ""},
		{"namespaces", false, how.namespaces, "users, network, IPC, host name"},
		{"nobody", false, how.nobody, "a user of its own, where the host is root"},
		{"cgroup", false, false, "not used"},
	}
}

func layerNames() (names []string) {
	for _, l := range layersOf(greeting{}, isolation{}) {
		names = append(names, l.Name)
	}
	return names
}

// probeTime is how long a worker may take to say hello.
const probeTime = 10 * time.Second

// A Report is what a worker says of itself, when it is still the program's own word.
type Report struct {
	Engine string // name and version of the library, one line; "": it does not say
	Layers []Layer
}

// Check starts a worker without a plugin and returns what it says. The error, if any, says why a layer is missing or why
// there is no worker at all.
func Check(ctx context.Context, c Config) (Report, error) {
	b, err := New(c)
	if err != nil {
		return Report{}, err
	}
	p := &plugin{limits: runtimes.Limits{Memory: 1 << 16}, image: -1, code: -1}
	if p.image, err = makeSealed("bulkhead-program"); err != nil {
		return Report{}, err
	}
	defer p.close()
	if p.code, err = makeSealed("bulkhead-code"); err != nil {
		return Report{}, err
	}
	w, err := b.launch(p)
	if err != nil {
		return Report{}, err
	}
	defer w.bury()
	w.begin(ctx, time.Now().Add(probeTime))
	g, err := w.greet()
	if err != nil {
		return Report{}, err
	}
	if g.missing != "" {
		err = errors.New(g.missing)
	}
	return Report{Engine: g.engine, Layers: layersOf(g, w.isolation)}, err
}
