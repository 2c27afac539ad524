package main

import (
	"context"
	"log/slog"

	"bulkhead/abi"
	"bulkhead/host/attest"
	"bulkhead/host/capability"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
)

// A standIn is the host of a plugin on the workbench: the very binding that a plugin has in a real one, with its checks
// and quotas, over things that are nobody's. Keys are made on the spot and thrown away, models echo, entries and log lines
// are collected.
type standIn struct {
	binding *capability.Binding
	words   *collector
}

// newStandIn binds what sp is granted.
func newStandIn(sp *specimen, words *collector) (*standIn, error) {
	c := capability.Config{
		Alias: slotless, Name: sp.name, Digest: sp.digest, Role: sp.role, Grants: sp.program.Grants, Audit: words, Log: slog.New(words), Quotas: sp.quotas,
	}
	for _, slot := range sp.slots(abi.Sign, sp.keys) {
		key, err := keys.Generate()
		if err != nil {
			return nil, err
		}
		c.Keys = append(c.Keys, capability.Key{Slot: slot, ID: key.Public().ID(), Signer: throwaway{key}})
	}
	for _, slot := range sp.slots(abi.Infer, sp.models) {
		c.Models = append(c.Models, capability.Model{Plugin: gate.PluginRef{Alias: "echo of " + slot, Digest: sp.digest}, Module: echo{}, AnySize: true})
	}
	var err error
	if sp.program.Grants.Has(abi.Attest) {
		if c.Attester, err = newWorkbenchAttester(sp); err != nil {
			return nil, err
		}
	}
	binding, err := capability.Bind(c)
	return &standIn{binding, words}, err
}

// Capability implements runtimes.Host.
func (s *standIn) Capability(ctx context.Context, c abi.Capability, slot uint32, dst, in []byte) ([]byte, error) {
	out, err := s.binding.Capability(ctx, c, slot, dst, in)
	s.words.use(c, err)
	return out, err
}

// Infer implements runtimes.Inferrer.
func (s *standIn) Infer(ctx context.Context, slot uint32, out, in []byte) ([]byte, error) {
	return s.Capability(ctx, abi.Infer, slot, out[:0:len(out)], in)
}

// throwaway signs in the workbench's context, whatever slot it is for: no signature of it passes for a host's, should
// somebody trust the key.
type throwaway struct{ key *keys.Private }

// Sign implements capability.Signer.
func (t throwaway) Sign(message []byte, _ string) ([]byte, error) {
	return t.key.Sign(message, attest.WorkbenchType)
}

func newWorkbenchAttester(sp *specimen) (*attest.Software, error) {
	key, err := keys.Generate()
	if err != nil {
		return nil, err
	}
	about := aboutHost()
	return attest.NewWorkbench(attest.Config{
		Signer: key, PublicKey: key.Public().Bytes(), Development: true,
		Host:    attest.Host{Version: about.Version, Revision: about.Revision, Go: about.Go, Platform: about.Platform},
		Plugins: func() []attest.Plugin { return []attest.Plugin{{Alias: slotless, Name: sp.name, Digest: sp.digest}} },
		Log:     func() attest.Log { return attest.Log{Origin: slotless} },
	})
}

// echo is a model that answers its request.
type echo struct{}

// Call implements runtimes.Module.
func (echo) Call(_ context.Context, dst, request []byte) ([]byte, error) {
	return append(dst, request...), nil
}

// Close implements runtimes.Module.
func (echo) Close(context.Context) error { return nil }
