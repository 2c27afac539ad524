package main

import (
	"context"
	"log/slog"

	"bulkhead/abi"
	"bulkhead/bench/guests"
	"bulkhead/bench/peers"
	"bulkhead/host/capability"
	"bulkhead/host/gate"
)

func inferName(at place) string { return at.String() + ", through infer" }

// inferring are tools in every place that ask a model in the same place through the host's capability.
func (b *bench) inferring(w work) (all []entry) {
	for _, at := range places() {
		all = append(all, entry{name: inferName(at), of: guests.Inferences, open: func(ctx context.Context) (peers.Caller, error) {
			return b.toolWith(ctx, at, w)
		}})
	}
	return all
}

func (b *bench) toolWith(ctx context.Context, at place, w work) (peers.Caller, error) {
	model, err := b.load(ctx, at, b.programOn(at.engine, w))
	if err != nil {
		return nil, err
	}
	host, err := capability.Bind(capability.Config{
		Alias: "tool", Name: "bench/tool", Digest: noDigest, Role: abi.RoleTool, Grants: abi.GrantsOf(abi.Infer), Log: slog.New(slog.DiscardHandler),
		Models: []capability.Model{{Plugin: gate.PluginRef{Alias: "digits", Digest: noDigest}, Module: model, InputBytes: 4 * 784, OutputBytes: 4 * 10}},
		Quotas: capability.Quotas{Infer: capability.Quota{PerSecond: 1e9, Burst: 1e9}}, // counted, but not what is measured
	})
	if err != nil {
		return nil, err
	}
	p := b.program(guests.Inferring())
	p.Host, p.Grants = host, abi.GrantsOf(abi.Infer)
	tool, err := b.load(ctx, at, p)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, dst, request []byte) ([]byte, error) {
		return tool.Call(gate.WithRunning(ctx, &gate.Running{Call: noDigest, Trace: noDigest[:32], Principal: "bench"}), dst, request)
	}, nil
}
