package gate

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// burns is a module that uses so much and answers alike, or fails.
type burns struct {
	says
	used runtimes.Usage
	fail error
}

func (b burns) Measure(ctx context.Context, dst, request []byte, u *runtimes.Usage) ([]byte, error) {
	*u = b.used
	if b.fail != nil {
		return nil, b.fail
	}
	return b.Call(ctx, dst, request)
}

func TestFuelIsAddedUp(t *testing.T) {
	type step struct {
		fuel     uint64
		reported bool
		fail     error
	}
	for _, tt := range []struct {
		name     string
		steps    []step
		want     uint64
		reported bool
	}{
		{"nothing", nil, 0, false},
		{"two guests", []step{{1, false, nil}, {2, false, nil}}, 3, false},
		{"one fails", []step{{1, false, nil}, {2, false, runtimes.ErrLimit}}, 3, false},
		{"one in a worker", []step{{1, false, nil}, {2, true, nil}, {3, false, nil}}, 6, true},
		{"a lie", []step{{math.MaxUint64, true, nil}}, runtimes.MaxFuel, true},
		{"lies that would wrap", slices.Repeat([]step{{math.MaxUint64, true, nil}}, 9), 1<<53 - 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &Running{}
			for _, s := range tt.steps {
				out, err := r.Measure(t.Context(), burns{"x", runtimes.Usage{Fuel: s.fuel, Reported: s.reported}, s.fail}, []byte("dst:"), nil)
				if !errors.Is(err, s.fail) || err == nil && string(out) != "dst:x" {
					t.Errorf("%q, %v", out, err)
				}
			}
			if fuel, reported := r.Fuel(); fuel != tt.want || reported != tt.reported {
				t.Errorf("%d, reported %t; want %d, %t", fuel, reported, tt.want, tt.reported)
			}
		})
	}
}

func TestWhatIsNotMeasuredStillRuns(t *testing.T) {
	var nobody *Running
	for name, r := range map[string]*Running{"no call": nobody, "no meter": {}} {
		var m runtimes.Module = says("x")
		if r == nil {
			m = burns{"x", runtimes.Usage{Fuel: 1}, nil}
		}
		if out, err := r.Measure(t.Context(), m, nil, nil); err != nil || string(out) != "x" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

// A call's result says what its policies, its tool and their models used, and not what the auth plugin did.
func TestResultEntriesCarryFuel(t *testing.T) {
	used := func(fuel uint64, answer string) *Plugin {
		return &Plugin{Module: burns{says(answer), runtimes.Usage{Fuel: fuel}, nil}, Plugin: PluginRef{Alias: "p", Digest: "d"}}
	}
	auth := `{"principal":{"id":"alice","expires":"` + stamp(noon.Add(time.Hour)) + `"}}`
	broken := used(100, `{}`)
	broken.Module = burns{"", runtimes.Usage{Fuel: 100, Reported: true}, runtimes.ErrTrap}
	for _, tt := range []struct {
		name     string
		tool     *Plugin
		want     uint64
		reported bool
	}{
		{"tool answers", used(100, `{"content":[]}`), 1 + 20 + 100, false},
		{"tool traps", broken, 1 + 20 + 100, true},
		{"tool lies", used(100, `{`), 1 + 20 + 100, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			g, err := New(Config{
				Auth: used(5000, auth), Policies: []Decider{used(1, `{"decision":"allow","reason":"r"}`), used(20, `{"decision":"allow","reason":"r"}`)},
				Log: w, Audience: "bulkhead", Clock: func() (time.Time, abi.Clock) { return noon, abi.ClockTrusted },
			})
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			_, _ = g.Do(t.Context(), call(), asked{tt.tool})
			if len(w.entries) != 2 || w.entries[0].Fuel != 0 {
				t.Fatalf("entries %+v", w.entries)
			}
			if e := w.entries[1]; e.Kind != KindResult || e.Fuel != tt.want || e.Reported != tt.reported {
				t.Errorf("fuel %d, reported %t; want %d, %t", e.Fuel, e.Reported, tt.want, tt.reported)
			}
		})
	}
}

// asked is a Runner that asks a tool plugin.
type asked struct{ *Plugin }

func (a asked) Run(ctx context.Context, _ *Caller) (*abi.ToolAnswer, error) {
	return a.Plugin.Run(ctx, abi.ToolRequest{})
}

func (asked) Encode(*abi.ToolAnswer) (json.RawMessage, error) { return json.RawMessage("{}"), nil }

// Who asks while the auth plugin is in quarantine has not been refused, and is not slowed down for it.
func TestQuarantineOfAuthPunishesNobody(t *testing.T) {
	w := newWorld(t)
	w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) { return abi.AuthAnswer{}, runtimes.ErrQuarantined }
	w.open(t)
	for range 2 * refusedBurst {
		if _, err := w.Gate.Authenticate(t.Context(), call()); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("error %v, want ErrUnavailable", err)
		}
	}
	w.auth = alice
	if _, err := w.Gate.Authenticate(t.Context(), call()); err != nil {
		t.Errorf("after the quarantine: %v", err)
	}
	w.Close()
	if len(w.entries) != 1 || w.entries[0].Count != 2*refusedBurst {
		t.Errorf("entries %+v", w.entries)
	}
}

// A list's own call pays for the policies that filter it.
func TestFilteringIsPaidByTheList(t *testing.T) {
	w := newWorld(t).open(t)
	caller, err := w.Gate.Authenticate(t.Context(), call())
	if err != nil {
		t.Fatal(err)
	}
	w.Policies = []Decider{&Plugin{Module: burns{`{"decision":"allow","reason":"r"}`, runtimes.Usage{Fuel: 7}, nil}}}
	list := &Running{Call: caller.call, Principal: "alice"}
	for range 3 {
		if !w.Visible(WithRunning(t.Context(), list), caller, &Call{}) {
			t.Error("not visible")
		}
	}
	other := &Running{Call: caller.call, Principal: "mallory"}
	w.Visible(WithRunning(t.Context(), other), caller, &Call{})
	if fuel, _ := list.Fuel(); fuel != 21 {
		t.Errorf("the list paid %d, want 21", fuel)
	}
	if fuel, _ := other.Fuel(); fuel != 0 {
		t.Errorf("another caller's call paid %d", fuel)
	}
}
