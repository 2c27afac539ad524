package manifest

import "slices"

// otherProgram is the backend whose workers are a program of their own: the host is built without it.
const otherProgram = "wasmtime"

// Worker returns the program whose workers have a backend. Without one it is the host itself.
func (m *Manifest) Worker(backend string) (Worker, bool) {
	i := slices.IndexFunc(m.Workers, func(w Worker) bool { return w.Backend == backend })
	if i < 0 {
		return Worker{}, false
	}
	return m.Workers[i], true
}

// elsewhere reports whether p's workers are of a program that the manifest must name.
func elsewhere(p Plugin) bool { return p.Backend == otherProgram && p.Isolation == Process }

// checkWorkers reports a program that is missing, or that nobody would start.
func checkWorkers(m *Manifest, r *report) {
	for _, p := range m.Plugins {
		if _, ok := m.Worker(p.Backend); elsewhere(p) && !ok {
			r.add(keyPath{"plugin", p.Alias, "backend"}, makeWorker, `is "wasmtime" in a worker, whose program [backend.wasmtime] must name`)
		}
	}
	if len(m.Workers) > 0 && !slices.ContainsFunc(m.Plugins, elsewhere) {
		r.add(keyPath{"backend", otherProgram}, "take it out", `has no effect without a plugin with backend = "wasmtime" and isolation = "process"`)
	}
}
