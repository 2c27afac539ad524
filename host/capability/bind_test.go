package capability

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

func TestBindRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
	}{
		{"zero value", func(c *Config) { *c = Config{} }},
		{"no alias", func(c *Config) { c.Alias = "" }},
		{"no digest", func(c *Config) { c.Digest = "" }},
		{"upper-case digest", func(c *Config) { c.Digest = strings.ToUpper(hexA) }},
		{"digest with newline", func(c *Config) { c.Digest = hexA + "\n" }},
		{"name without publisher", func(c *Config) { c.Name = "inspect" }},
		{"name with a slot in it", func(c *Config) { c.Name = "acme/inspect/report" }},
		{"no role", func(c *Config) { c.Role = "" }},
		{"unknown role", func(c *Config) { c.Role = "root" }},
		{"policy with sign", func(c *Config) { c.Role = abi.RolePolicy }},
		{"auth with audit", func(c *Config) { c.Role, c.Grants = abi.RoleAuth, abi.GrantsOf(abi.Log, abi.Audit) }},
		{"model with infer", func(c *Config) { c.Role, c.Grants = abi.RoleModel, abi.GrantsOf(abi.Log, abi.Infer) }},
		{"grant outside the ABI", func(c *Config) { c.Grants |= 0x80 }},
		{"no log of entries", func(c *Config) { c.Audit = nil }},
		{"no logger", func(c *Config) { c.Log = nil }},
		{"sign without keys", func(c *Config) { c.Keys = nil }},
		{"keys without sign", func(c *Config) { c.Grants &^= abi.GrantsOf(abi.Sign) }},
		{"infer without models", func(c *Config) { c.Models = nil }},
		{"models without infer", func(c *Config) { c.Grants &^= abi.GrantsOf(abi.Infer) }},
		{"attest without attester", func(c *Config) { c.Attester = nil }},
		{"slot without signer", func(c *Config) { c.Keys[0].Signer = nil }},
		{"slot without key id", func(c *Config) { c.Keys[0].ID = "" }},
		{"slot without name", func(c *Config) { c.Keys[0].Slot = "" }},
		{"slot with a slash", func(c *Config) { c.Keys[0].Slot = "a/b" }},
		{"slot twice", func(c *Config) { c.Keys[0].Slot = c.Keys[1].Slot }},
		{"key twice", func(c *Config) { c.Keys[0].ID = c.Keys[1].ID }},
		{"too many slots", func(c *Config) { c.Models = make([]Model, abi.MaxSlots+1) }},
		{"model without module", func(c *Config) { c.Models[0].Module = nil }},
		{"model without digest", func(c *Config) { c.Models[0].Plugin.Digest = "" }},
		{"model is the plugin", func(c *Config) { c.Models[0].Plugin.Alias = c.Alias }},
		{"model without input", func(c *Config) { c.Models[0].InputBytes = 0 }},
		{"model with too much output", func(c *Config) { c.Models[0].OutputBytes = abi.MaxAnswer + 1 }},
		{"model of any size and of sizes", func(c *Config) { c.Models[0].AnySize = true }},
		{"model of any size with a batch", func(c *Config) {
			c.Models[0] = Model{Plugin: c.Models[0].Plugin, Module: c.Models[0].Module, AnySize: true, Batch: 2}
		}},
		{"model with a negative batch", func(c *Config) { c.Models[0].Batch = -1 }},
		{"model with too large a batch", func(c *Config) { c.Models[0].Batch = abi.MaxBatch + 1 }},
		{"batch of too much input", func(c *Config) { c.Models[0].Batch, c.Models[0].InputBytes = 2, abi.MaxRequest/2+1 }},
		{"batch of too much output", func(c *Config) { c.Models[0].Batch, c.Models[0].OutputBytes = 2, abi.MaxAnswer/2+1 }},
		{"quota without burst", func(c *Config) { c.Quotas.Log.PerSecond = 1 }},
		{"negative quota", func(c *Config) { c.Quotas.Sign = Quota{-1, 1} }},
		{"audit quota below an object", func(c *Config) { c.Quotas.Audit = Quota{1, 16} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse()
			c.change(&h.config)
			if b, err := Bind(h.config); err == nil || b != nil {
				t.Errorf("bound: %v", err)
			}
		})
	}
}

func TestNothingGrantedNeedsNothing(t *testing.T) {
	h := newHouse()
	for _, role := range abi.Roles() {
		h.config = Config{Alias: "a", Name: "acme/a", Digest: hexA, Role: role}
		b := h.bind(t)
		for c := abi.Log; c <= abi.Infer; c++ {
			if _, err := b.Capability(within(), c, 0, nil, inputs[c]); !errors.Is(err, abi.ErrDenied) {
				t.Errorf("%s, %s: %v", role, c, err)
			}
		}
		if _, err := b.Capability(within(), abi.Capability(200), 0, nil, nil); !errors.Is(err, abi.ErrDenied) {
			t.Errorf("unknown capability: %v", err)
		}
	}
}

// Truth table: each grant alone allows its own capability and no other.
func TestEachGrantAllowsItselfOnly(t *testing.T) {
	for granted := abi.Log; granted <= abi.Infer; granted++ {
		h := newHouse()
		h.config.Grants = abi.GrantsOf(granted)
		if granted != abi.Sign {
			h.config.Keys = nil
		}
		if granted != abi.Infer {
			h.config.Models = nil
		}
		b := h.bind(t)
		for c := abi.Log; c <= abi.Infer; c++ {
			_, err := b.Capability(within(), c, 0, nil, inputs[c])
			if c == granted && err != nil || c != granted && !errors.Is(err, abi.ErrDenied) {
				t.Errorf("granted %s, used %s: %v", granted, c, err)
			}
		}
	}
}

func TestDuringLoadOnlyLogAndProgress(t *testing.T) {
	h := newHouse()
	b := h.bind(t)
	for c := abi.Audit; c <= abi.Infer; c++ {
		if _, err := b.Capability(bg, c, 0, nil, inputs[c]); !errors.Is(err, abi.ErrUnavailable) {
			t.Errorf("%s: %v", c, err)
		}
	}
	if _, err := b.Capability(bg, abi.Log, 1, nil, inputs[abi.Log]); err != nil || h.lines.Len() == 0 {
		t.Errorf("log: %v", err)
	}
	if _, err := b.Capability(bg, abi.Progress, 0, nil, make([]byte, 16)); err != nil {
		t.Errorf("progress: %v", err)
	}
	if len(h.log.entries) != 0 {
		t.Errorf("entries: %+v", h.log.entries)
	}
}

func TestPastTheDeadlineNothingIsUsed(t *testing.T) {
	h := newHouse()
	b := h.bind(t)
	ctx, cancel := context.WithCancel(within())
	cancel()
	for c := abi.Audit; c <= abi.Infer; c++ {
		if _, err := b.Capability(ctx, c, 0, nil, inputs[c]); !errors.Is(err, abi.ErrDeadline) {
			t.Errorf("%s: %v", c, err)
		}
	}
	if len(h.log.entries) != 0 {
		t.Errorf("entries: %+v", h.log.entries)
	}
}

// Every quota runs out for its own capability, and an over-quota use does nothing.
func TestQuotas(t *testing.T) {
	for c := abi.Audit; c <= abi.Infer; c++ {
		h := newHouse()
		small := Quota{1e-9, 2}
		h.config.Quotas = Quotas{Sign: small, Attest: small, Infer: small, Audit: Quota{1e-9, auditCost(abi.MaxAuditObject)}}
		b := h.bind(t)
		used := 0
		for ; used < 100; used++ {
			if _, err := b.Capability(within(), c, 0, nil, inputs[c]); err != nil {
				if !errors.Is(err, abi.ErrLimit) {
					t.Fatalf("%s: %v", c, err)
				}
				break
			}
		}
		want := 2
		if c == abi.Audit {
			want = auditCost(abi.MaxAuditObject)
		}
		if used != want || c != abi.Infer && len(h.log.entries) != want {
			t.Errorf("%s: %d uses, %d entries, want %d", c, used, len(h.log.entries), want)
		}
		for other := abi.Audit; other <= abi.Infer; other++ {
			if _, err := b.Capability(within(), other, 0, nil, inputs[other]); other != c && err != nil {
				t.Errorf("quota of %s also stops %s: %v", c, other, err)
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	h := newHouse()
	b := h.bind(t)
	r := running()
	ctx := gate.WithRunning(bg, r)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for c := abi.Log; c <= abi.Infer; c++ {
				if _, err := b.Capability(ctx, c, 0, nil, inputs[c]); err != nil {
					t.Errorf("%s: %v", c, err)
				}
			}
		})
	}
	wg.Wait()
	if len(h.log.entries) != 3*8 {
		t.Errorf("%d entries", len(h.log.entries))
	}
}
