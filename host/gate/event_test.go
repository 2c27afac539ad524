package gate

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"bulkhead/abi"
)

// events takes the names of what was recorded, with what is no success.
func (w *world) events() (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.entries {
		name := string(e.Event)
		if e.Outcome != Success {
			name += " " + string(e.Outcome)
		}
		out = append(out, name)
	}
	return out
}

func TestEveryEntryNamesItsEvent(t *testing.T) {
	answer := &abi.ToolAnswer{Content: []abi.Content{}}
	for _, tt := range []struct {
		name string
		do   func(*world) error
		want []string
	}{
		{"a call", func(w *world) error {
			_, err := w.Do(t.Context(), call(), &fakeTool{w: w, answer: answer})
			return err
		}, []string{"auth.success", "call.decision", "call.result"}},
		{"a call that fails", func(w *world) error {
			_, err := w.Do(t.Context(), call(), &fakeTool{w: w, err: errors.New("trap")})
			return err
		}, []string{"auth.success", "call.decision", "call.result failure"}},
		{"a denied call", func(w *world) error {
			w.policies[0].decide = func(abi.PolicyRequest) (abi.PolicyAnswer, error) {
				return abi.PolicyAnswer{Decision: abi.Deny, Reason: "r"}, nil
			}
			_, err := w.Do(t.Context(), call(), &fakeTool{w: w})
			return err
		}, []string{"auth.success", "call.refusal failure"}},
		{"a stranger", func(w *world) error {
			w.auth = refuseAll
			_, err := w.Do(t.Context(), call(), &fakeTool{w: w})
			w.Close()
			return err
		}, []string{"auth.failure failure"}},
		{"an act", func(w *world) error {
			_, err := w.Admin(t.Context(), Act{Action: "host/block"}, func(context.Context) (json.RawMessage, error) { return nil, nil })
			return err
		}, []string{"host.admin", "host.admin"}},
		{"a look", func(w *world) error {
			_, err := w.Admin(t.Context(), Act{Action: "host/status", Looks: true}, func(context.Context) (json.RawMessage, error) { return nil, nil })
			return err
		}, []string{"host.admin"}},
		{"an unknown act", func(w *world) error {
			_, err := w.Admin(t.Context(), Act{Action: "host/nonsense"}, nil)
			return err
		}, []string{"host.admin failure"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.wanted = map[Event]bool{AuthSuccess: true}
			w.open(t)
			err := tt.do(w)
			if got := w.events(); !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q (%v)", got, tt.want, err)
			}
		})
	}
}

// Whoever comes out of the cache has been recorded before, and nobody comes in whom the log does not have.
func TestAPrincipalIsRecordedWhenItIsNew(t *testing.T) {
	w := newWorld(t)
	w.wanted = map[Event]bool{AuthSuccess: true}
	w.open(t)
	w.failEntry = KindHost
	if _, err := w.Gate.Authenticate(t.Context(), call()); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("%v, want ErrUnavailable", err)
	}
	w.failEntry = ""
	for range 3 {
		c := call()
		c.Trace, c.Parent = strings.Repeat("ab", 16), strings.Repeat("cd", 8)
		if _, err := w.Gate.Authenticate(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.entries) != 1 {
		t.Fatalf("%d entries, want 1", len(w.entries))
	}
	e := w.entries[0]
	if e.Actor != "alice" || e.Resource != "127.0.0.0/24" || e.Call == "" || e.TraceID != strings.Repeat("ab", 16) || e.Parent != strings.Repeat("cd", 8) || len(e.Plugins) != 1 {
		t.Errorf("%+v", e)
	}
	if text, _ := json.Marshal(e); strings.Contains(string(text), "token") {
		t.Errorf("the credential is in the log: %s", text)
	}
}

type logFunc func(Entry) (Receipt, error)

func (f logFunc) Append(_ context.Context, e Entry) (Receipt, error) { return f(e) }

func TestWants(t *testing.T) {
	plain := logFunc(nil)
	choosy := &world{wanted: map[Event]bool{CapabilityInfer: true}}
	if !Wants(plain, CallResult) || !Wants(plain, AuthSuccess) || Wants(plain, CapabilityInfer) {
		t.Error("a plain log wants all but capability.infer")
	}
	if !Wants(choosy, CapabilityInfer) || Wants(choosy, AuthSuccess) {
		t.Error("a log that chooses was not asked")
	}
}

func TestEventPatterns(t *testing.T) {
	for pattern, want := range map[string]bool{
		"key.use": true, "key.*": true, "key": false, "key.": false, "*": false, ".*": false, "k*": false, "key.us": false, "keys.*": false, "": false,
	} {
		if KeyUse.Is(pattern) != want {
			t.Errorf("key.use is %q: %v", pattern, !want)
		}
	}
}
