package capability

import (
	"context"
	"errors"
	"slices"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/gate"
	"bulkhead/runtimes"
)

// Every capability that is used is noted for the call's result, the models' too, and names its event in the log.
func TestUsesAreNotedAndNamed(t *testing.T) {
	events := map[abi.Capability]gate.Event{abi.Audit: gate.CapabilityAudit, abi.Sign: gate.KeyUse, abi.Attest: gate.CapabilityAttest, abi.Infer: gate.CapabilityInfer}
	for c := range inputs {
		h := newHouse()
		h.log.wanted = map[gate.Event]bool{gate.CapabilityInfer: true}
		r := running()
		if _, err := h.bind(t).Capability(gate.WithRunning(bg, r), c, 0, nil, inputs[c]); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		if got := r.Grants(); !slices.Equal(got, []string{c.String()}) {
			t.Errorf("%s: noted %v", c, got)
		}
		if want := events[c]; want != "" && len(h.log.kept(want)) != 1 || want == "" && len(h.log.entries) != 0 {
			t.Errorf("%s: %+v", c, h.log.entries)
		}
	}
}

func TestWhatIsNotGrantedIsNotNoted(t *testing.T) {
	h := newHouse()
	h.config.Grants, h.config.Keys, h.config.Models, h.config.Attester = abi.GrantsOf(abi.Log), nil, nil, nil
	r := running()
	b := h.bind(t)
	for c := range inputs {
		b.Capability(gate.WithRunning(bg, r), c, 0, nil, inputs[c])
	}
	if got := r.Grants(); !slices.Equal(got, []string{"log"}) {
		t.Errorf("noted %v", got)
	}
}

// A model's own log lines are the call's.
func TestWhatAModelUsesIsNoted(t *testing.T) {
	h := newHouse()
	h.config.Models[0].Module = module(func(ctx context.Context, dst, in []byte) ([]byte, error) {
		gate.RunningFrom(ctx).UseGrant(abi.Log)
		return reverse(ctx, dst, in)
	})
	r := running()
	b := h.bind(t)
	for range 2 {
		if _, err := b.Capability(gate.WithRunning(bg, r), abi.Infer, 0, nil, inputs[abi.Infer]); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.Grants(); !slices.Equal(got, []string{"infer", "log"}) {
		t.Errorf("noted %v", got)
	}
}

func TestInferIsRecordedForALogThatWantsIt(t *testing.T) {
	trap := module(func(context.Context, []byte, []byte) ([]byte, error) { return nil, runtimes.ErrTrap })
	for _, tt := range []struct {
		name    string
		wanted  bool
		model   module
		disk    error
		want    error
		entries int
		outcome gate.Outcome
	}{
		{"not wanted", false, reverse, nil, nil, 0, ""},
		{"not wanted, and the disk is full", false, reverse, errDisk, nil, 0, ""},
		{"wanted", true, reverse, nil, nil, 1, gate.Success},
		{"the model traps", true, trap, nil, abi.ErrInternal, 1, gate.Failure},
		{"it cannot be recorded", true, reverse, errDisk, abi.ErrUnavailable, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse()
			h.config.Models[0].Module, h.log.err = tt.model, tt.disk
			h.log.wanted = map[gate.Event]bool{gate.CapabilityInfer: tt.wanted}
			out, err := h.bind(t).Capability(within(), abi.Infer, 0, []byte("dst:"), inputs[abi.Infer])
			if !errors.Is(err, tt.want) || err != nil && string(out) != "dst:" {
				t.Errorf("%q, %v, want %v", out, err, tt.want)
			}
			if len(h.log.entries) != tt.entries {
				t.Fatalf("%+v", h.log.entries)
			}
			if tt.entries == 0 {
				return
			}
			e := h.log.entries[0]
			models := []gate.PluginRef{{Alias: "inspect", Digest: hexA, Backend: "wazero/process"}, {Alias: "digits", Digest: hexB}}
			if e.Event != gate.CapabilityInfer || e.Outcome != tt.outcome || e.Resource != "digits" || !slices.Equal(e.Plugins, models) || e.TraceID == "" || e.Parent == "" {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A call that is over has still asked its model.
func TestInferThatIsCutOffIsRecorded(t *testing.T) {
	h := newHouse()
	h.log.wanted = map[gate.Event]bool{gate.CapabilityInfer: true}
	ctx, cancel := context.WithCancel(within())
	h.config.Models[0].Module = module(func(context.Context, []byte, []byte) ([]byte, error) {
		cancel()
		return nil, ctx.Err()
	})
	if _, err := h.bind(t).Capability(ctx, abi.Infer, 0, nil, inputs[abi.Infer]); !errors.Is(err, abi.ErrDeadline) {
		t.Error(err)
	}
	if len(h.log.kept(gate.CapabilityInfer)) != 1 {
		t.Errorf("%+v", h.log.entries)
	}
}
