package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"bulkhead/host/advisory"
	"bulkhead/host/manifest"
	"bulkhead/runtimes"
	"bulkhead/runtimes/worker"
)

// A planEngine is an engine that plugins run on, and what is known to be wrong with it.
type planEngine struct {
	Backend    string              `json:"backend"`
	Isolation  string              `json:"isolation"`
	Engine     string              `json:"engine"`           // name and version, in a worker's its own word
	Worker     string              `json:"worker,omitempty"` // digest of the program of the workers, if it is not the host's own
	Known      bool                `json:"known"`            // advisories of this engine would be known
	Advisories []advisory.Advisory `json:"advisories"`
}

// askEngines asks each engine that the plugins run on for its version, and workers for the layers of their sandbox. The
// plugins have been loaded: no layer that is required is missing.
func (p *plan) askEngines(ctx context.Context, sys *system) error {
	known, err := advisory.Known()
	if err != nil {
		return err
	}
	p.Advisories = known.Date
	for _, q := range sys.plugins {
		e := planEngine{Backend: q.Backend, Isolation: string(q.Isolation)}
		if slices.ContainsFunc(p.Engines, func(o planEngine) bool { return o.Backend == e.Backend && o.Isolation == e.Isolation }) {
			continue
		}
		if q.Isolation == manifest.Process {
			program := sys.workers[q.Backend]
			if program != nil {
				e.Worker = program.Digest()
			}
			report, err := worker.Check(ctx, worker.Config{Backend: q.Backend, Executable: program})
			if err != nil { // nothing is known of what it runs, least of all that it is well
				return refused(fmt.Errorf("asking a worker with %s for its engine: %w", q.Backend, err), "")
			}
			e.Engine = report.Engine
			p.Sandbox = planLayers(report.Layers, sys.Sandbox)
		} else {
			e.Engine = versionOf(ctx, q.Backend)
		}
		e.Known = known.Knows(e.Engine)
		e.Advisories = known.Of(e.Engine, runtime.GOARCH)
		p.Engines = append(p.Engines, e)
	}
	return nil
}

// versionOf is the name and version of an engine of this binary.
func versionOf(ctx context.Context, name string) string {
	b := backends()[name]()
	defer b.Close(ctx)
	if v, ok := b.(runtimes.Versioned); ok {
		return v.Version()
	}
	return name
}

// planLayers marks those that the manifest requires beside those that are required anyway.
func planLayers(layers []worker.Layer, require []string) (out []planLayer) {
	for _, l := range layers {
		out = append(out, planLayer{l.Name, l.Required || slices.Contains(require, l.Name), l.Present, l.Detail})
	}
	return out
}

// enginesText names the advisories that may matter, and counts the others.
func enginesText(w io.Writer, p plan) {
	for _, e := range p.Engines {
		fmt.Fprintf(w, "engine: %s, %s", terminal(e.Engine), e.Isolation)
		if e.Worker != "" {
			fmt.Fprintf(w, ", worker %.12s", e.Worker)
		}
		var open, shut int
		for _, a := range e.Advisories {
			if a.Matters {
				open++
			} else {
				shut++
			}
		}
		if !e.Known {
			fmt.Fprintln(w, ": this program knows nothing of that engine")
			continue
		}
		if open+shut == 0 {
			fmt.Fprintln(w, ": no known advisories")
			continue
		}
		fmt.Fprintf(w, ": %d known advisories, of which %d may matter here\n", open+shut, open)
		for _, a := range e.Advisories {
			if a.Matters {
				fmt.Fprintf(w, "  %s (%s), %s: %s\n      %s\n", a.ID, strings.Join(a.Also, ", "), a.Published, a.Title, a.Here)
			}
		}
	}
	fmt.Fprintf(w, "advisories are those known on %s: this program knows none that is newer (--json has all, and why they do not matter)\n", p.Advisories)
}
