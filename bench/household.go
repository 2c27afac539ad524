package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bulkhead/abi"
	"bulkhead/bench/peers"
	"bulkhead/host/audit"
	"bulkhead/host/bundle"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
)

// A household is what a gate needs beside a tool: an auth and a policy plugin, a token, a log on a disk.
type household struct {
	bench        *bench
	auth, policy *bundle.Unverified
	authConfig   []byte
	token        string
	log          *audit.Log
}

const audience = "bench"

func (b *bench) newHousehold(ctx context.Context) (*household, error) {
	folder, err := b.temporary()
	if err != nil {
		return nil, err
	}
	h := &household{bench: b}
	if h.auth, err = bundle.Build(ctx, filepath.Join(b.root, "plugins/auth-jwt"), filepath.Join(folder, "auth")); err != nil {
		return nil, err
	}
	if h.policy, err = bundle.Build(ctx, filepath.Join(b.root, "plugins/policy-abac"), filepath.Join(folder, "policy")); err != nil {
		return nil, err
	}
	if err := h.mint(filepath.Join(folder, "keys")); err != nil {
		return nil, err
	}
	state := filepath.Join(folder, "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		return nil, err
	}
	signer, err := newSigner(filepath.Join(folder, "audit-keys"))
	if err != nil {
		return nil, err
	}
	if h.log, err = audit.Open(audit.Config{Dir: filepath.Join(state, audit.FolderName), Signer: signer, Development: true}); err != nil {
		return nil, err
	}
	b.Closing(func() { h.log.Close() })
	return h, nil
}

// newSigner makes an audit key in a new folder.
func newSigner(folder string) (*checkpoint.Signer, error) {
	if _, err := keys.Create(folder, "audit", keys.Audit, true); err != nil {
		return nil, err
	}
	key, err := keys.ReadAudit(filepath.Join(folder, "audit"+keys.PrivateSuffix))
	if err != nil {
		return nil, err
	}
	return checkpoint.NewSigner(checkpoint.Origin("bench", key.Public()), key)
}

// mint makes a token key, a token, and the auth plugin's config that trusts it.
func (h *household) mint(folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	info, err := keys.Create(folder, "token", keys.Token, true)
	if err != nil {
		return err
	}
	k, err := keys.ReadToken(filepath.Join(folder, "token.key"))
	if err != nil {
		return err
	}
	h.token, err = keys.MintToken(k, keys.Claims{Subject: "bench", Audience: audience, Issued: time.Now(), Lifetime: time.Hour})
	if err != nil {
		return err
	}
	jwk, err := info.JWK()
	if err != nil {
		return err
	}
	h.authConfig, err = json.Marshal(map[string]any{"issuers": map[string]any{keys.DevelopmentIssuer: map[string]any{"keys": []json.RawMessage{jwk}}}})
	return err
}

// A gatehouse is a tool, an auth and a policy plugin in workers of one engine.
type gatehouse struct {
	household          *household
	tool, auth, policy *gate.Plugin
}

func (h *household) open(ctx context.Context, at place, tool []byte) (*gatehouse, error) {
	g := &gatehouse{household: h}
	for _, p := range []struct {
		to           **gate.Plugin
		alias        string
		wasm, config []byte
	}{
		{&g.tool, "tool", tool, nil},
		{&g.auth, "auth", h.auth.Wasm, h.authConfig},
		{&g.policy, "policy", h.policy.Wasm, []byte(`{"rules":[{"name":"all","effect":"allow","principals":["*"],"actions":["*"],"resources":["*"]}]}`)},
	} {
		program := h.bench.program(p.wasm)
		program.Name, program.Config = p.alias, p.config
		m, err := h.bench.load(ctx, at, program)
		if err != nil {
			return nil, fmt.Errorf("loading %s: %w", p.alias, err)
		}
		*p.to = &gate.Plugin{Module: m, Plugin: gate.PluginRef{Alias: p.alias, Digest: noDigest}}
	}
	return g, nil
}

const noDigest = "0000000000000000000000000000000000000000000000000000000000000000"

// gateParts say what the gate has, beside an auth plugin.
type gateParts struct {
	policy, receipt bool
	log             gate.Log // nil: one that forgets
}

// caller opens a gate.
func (g *gatehouse) caller(with gateParts) opening {
	return func(context.Context) (peers.Caller, error) {
		c := gate.Config{
			Auth: g.auth, Policies: []gate.Decider{allowing{}}, Log: memoryLog{}, Audience: audience, Development: true,
			Clock: func() (time.Time, abi.Clock) { return time.Now(), abi.ClockTrusted }, Device: abi.Device{Name: "bench", Zone: "bench"},
		}
		if with.policy {
			c.Policies = []gate.Decider{g.policy}
		}
		if with.log != nil {
			c.Log = with.log
		}
		at, err := gate.New(c)
		if err != nil {
			return nil, err
		}
		g.household.bench.Closing(at.Close)
		return func(ctx context.Context, dst, _ []byte) ([]byte, error) { return g.do(ctx, at, with.receipt, dst) }, nil
	}
}

func (g *gatehouse) do(ctx context.Context, at *gate.Gate, receipt bool, dst []byte) ([]byte, error) {
	q := toolRequest()
	call := &gate.Call{
		Transport: "http", Peer: "127.0.0.1", Credential: &abi.Credential{Scheme: "bearer", Value: g.household.token},
		Action: "tools/call", Resource: q.Tool, Plugin: "bulkhead/tool", Ref: g.tool.Plugin, Arguments: q.Arguments, Receipt: receipt,
	}
	done, err := at.Do(ctx, call, toolRun{g.tool, q})
	if err != nil {
		return nil, err
	}
	if !receipt {
		return append(dst, done.Result...), nil
	}
	return withReceipt(dst, done)
}

// withReceipt puts the receipt before the rest, as the gateway does.
func withReceipt(dst []byte, done gate.Done) ([]byte, error) {
	if done.Proof == nil {
		return nil, errors.New("there is no receipt")
	}
	receipt, err := json.Marshal(done.Proof)
	if err != nil {
		return nil, err
	}
	dst = append(dst, `{"_meta":{"bulkhead/receipt":`...)
	dst = append(append(dst, receipt...), "},"...)
	return append(dst, done.Result[1:]...), nil
}

// A toolRun has the tool answer.
type toolRun struct {
	tool    *gate.Plugin
	request abi.ToolRequest
}

// Run implements gate.Runner.
func (t toolRun) Run(ctx context.Context, _ *gate.Caller) (*abi.ToolAnswer, error) {
	return t.tool.Run(ctx, t.request)
}

// Encode implements gate.Runner.
func (toolRun) Encode(a *abi.ToolAnswer) (json.RawMessage, error) { return json.Marshal(a) }

// allowing is the policy of who has none.
type allowing struct{}

// Decide implements gate.Decider.
func (allowing) Decide(context.Context, abi.PolicyRequest) (abi.PolicyAnswer, error) {
	return abi.PolicyAnswer{Decision: abi.Allow, Reason: "no policy"}, nil
}

// Ref implements gate.Decider.
func (allowing) Ref() gate.PluginRef { return gate.PluginRef{Alias: "none", Digest: noDigest} }

// After implements gate.Decider.
func (allowing) After() bool { return false }

// memoryLog forgets.
type memoryLog struct{}

// Append implements gate.Log.
func (memoryLog) Append(context.Context, gate.Entry) (gate.Receipt, error) {
	return gate.Receipt{}, nil
}
