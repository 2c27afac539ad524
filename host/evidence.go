package main

import (
	"bulkhead/host/attest"
	"bulkhead/host/checkpoint"
)

// newAttester makes evidence about this system with its evidence key. Without a TPM its kind is software, its assurance
// none, and it says so.
func newAttester(s *system, head func() checkpoint.Head) (*attest.Software, error) {
	about := aboutHost()
	var plugins []attest.Plugin
	for _, p := range s.plugins {
		d := p.bundle.Descriptor
		plugins = append(plugins, attest.Plugin{Alias: p.Alias, Name: d.Name, Version: d.Version, Digest: p.bundle.Digest})
	}
	var workers []attest.Worker
	for _, w := range s.Workers {
		workers = append(workers, attest.Worker{Backend: w.Backend, Digest: s.workers[w.Backend].Digest()})
	}
	return attest.New(attest.Config{
		Signer: s.evidence.Private, PublicKey: s.evidence.Raw, Development: s.development,
		Host:    attest.Host{Version: about.Version, Revision: about.Revision, Go: about.Go, Platform: about.Platform},
		Plugins: func() []attest.Plugin { return plugins }, Workers: workers,
		Log: func() attest.Log { return logOf(head()) },
	})
}
