package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is a gate among fakes, each of which can be told to fail.
type world struct {
	*Gate
	mu      sync.Mutex
	entries []Entry
	asked   int // questions to the auth plugin
	ran     int // runs of the tool

	auth      func(abi.AuthRequest) (abi.AuthAnswer, error)
	policies  []*fakePolicy
	failEntry Kind // Append fails for this kind
	wanted    map[Event]bool
	prover    func(Entry) Prover // nil: the log gives no proofs
	time      time.Time
	state     abi.Clock
}

type fakePolicy struct {
	decide func(abi.PolicyRequest) (abi.PolicyAnswer, error)
	after  bool
	asked  int
}

func (p *fakePolicy) Decide(_ context.Context, q abi.PolicyRequest) (abi.PolicyAnswer, error) {
	p.asked++
	return p.decide(q)
}
func (p *fakePolicy) Ref() PluginRef { return PluginRef{Alias: "abac", Digest: "p1"} }
func (p *fakePolicy) After() bool    { return p.after }

func (w *world) Authenticate(_ context.Context, q abi.AuthRequest) (abi.AuthAnswer, error) {
	w.asked++
	return w.auth(q)
}
func (w *world) Ref() PluginRef { return PluginRef{Alias: "auth", Digest: "a1"} }

func (w *world) Append(_ context.Context, e Entry) (Receipt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Kind == w.failEntry {
		return Receipt{}, errors.New("disk full")
	}
	if e.Event.Class() == string(e.Event) {
		return Receipt{}, fmt.Errorf("an entry of no event: %+v", e)
	}
	w.entries = append(w.entries, e)
	r := Receipt{Entry: "e", Index: uint64(len(w.entries) - 1), Hash: "h"}
	if w.prover != nil {
		r.Prover = w.prover(e)
	}
	return r, nil
}

// Wants leaves out what most tests do not look at.
func (w *world) Wants(e Event) bool { return e != AuthSuccess && e != CapabilityInfer || w.wanted[e] }

func (w *world) kinds() (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.entries {
		out = append(out, string(e.Kind)+" "+string(e.Outcome))
	}
	return out
}

func allow(abi.PolicyRequest) (abi.PolicyAnswer, error) {
	return abi.PolicyAnswer{Decision: abi.Allow, Reason: "rule 1"}, nil
}

func alice(abi.AuthRequest) (abi.AuthAnswer, error) {
	return abi.AuthAnswer{Principal: &abi.Principal{ID: "alice", Expires: stamp(noon.Add(time.Hour))}, Cacheable: true}, nil
}

func newWorld(t *testing.T) *world {
	w := &world{auth: alice, policies: []*fakePolicy{{decide: allow}}, time: noon, state: abi.ClockTrusted}
	return w
}

// open builds the gate from what the test has set up.
func (w *world) open(t *testing.T) *world {
	t.Helper()
	var deciders []Decider
	for _, p := range w.policies {
		deciders = append(deciders, p)
	}
	g, err := New(Config{
		Auth: w, Policies: deciders, Log: w, Audience: "bulkhead",
		Clock: func() (time.Time, abi.Clock) { return w.time, w.state },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Gate = g
	t.Cleanup(g.Close)
	return w
}

// fakeTool is the Runner.
type fakeTool struct {
	w      *world
	answer *abi.ToolAnswer
	err    error
	panics bool
	encode error
}

func (f *fakeTool) Run(ctx context.Context, c *Caller) (*abi.ToolAnswer, error) {
	f.w.ran++
	if f.panics {
		panic("tool")
	}
	if r := RunningFrom(ctx); r == nil || r.Principal != c.Principal().ID {
		return nil, errors.New("no call in the context")
	}
	return f.answer, f.err
}

func (f *fakeTool) Encode(a *abi.ToolAnswer) (json.RawMessage, error) {
	if f.encode != nil {
		return nil, f.encode
	}
	return json.Marshal(a)
}

func call() *Call {
	return &Call{
		Transport: "http", Peer: "127.0.0.1", Credential: &abi.Credential{Scheme: "bearer", Value: "token"},
		Action: "tools/call", Resource: "label", Arguments: json.RawMessage(`{"a":1}`), Plugin: "bulkhead/inspect", Ref: PluginRef{Alias: "inspect", Digest: "t1"},
	}
}

func TestEachFailingStepStopsTheCall(t *testing.T) {
	deny := func(abi.PolicyRequest) (abi.PolicyAnswer, error) {
		return abi.PolicyAnswer{Decision: abi.Deny, Reason: "rule 2"}, nil
	}
	tests := []struct {
		name  string
		setup func(*world, *Call, *fakeTool)
		want  error    // nil: allowed
		ran   int      // how often the tool ran
		kinds []string // what the log holds
	}{
		{"allowed", func(*world, *Call, *fakeTool) {}, nil, 1, []string{"decision success", "result success"}},
		{"auth refuses", func(w *world, _ *Call, _ *fakeTool) {
			w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) { return abi.AuthAnswer{Refused: "bad token"}, nil }
		}, ErrUnauthenticated, 0, nil},
		{"auth says nothing", func(w *world, _ *Call, _ *fakeTool) {
			w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) { return abi.AuthAnswer{}, nil }
		}, ErrUnauthenticated, 0, nil},
		{"auth traps", func(w *world, _ *Call, _ *fakeTool) {
			w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) { return abi.AuthAnswer{}, errors.New("trap") }
		}, ErrUnauthenticated, 0, nil},
		{"principal has expired", func(w *world, _ *Call, _ *fakeTool) {
			w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) {
				return abi.AuthAnswer{Principal: &abi.Principal{ID: "alice", Expires: stamp(noon)}}, nil
			}
		}, ErrUnauthenticated, 0, nil},
		{"principal without expiry", func(w *world, _ *Call, _ *fakeTool) {
			w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) {
				return abi.AuthAnswer{Principal: &abi.Principal{ID: "alice"}}, nil
			}
		}, ErrUnauthenticated, 0, nil},
		{"principal is reserved", func(w *world, _ *Call, _ *fakeTool) {
			w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) {
				return abi.AuthAnswer{Principal: &abi.Principal{ID: "system/root", Expires: stamp(noon.Add(1e12))}}, nil
			}
		}, ErrUnauthenticated, 0, nil},
		{"principal with a line feed", func(w *world, _ *Call, _ *fakeTool) {
			w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) {
				return abi.AuthAnswer{Principal: &abi.Principal{ID: "a\nb", Expires: stamp(noon.Add(1e12))}}, nil
			}
		}, ErrUnauthenticated, 0, nil},
		{"arguments are invalid", func(_ *world, c *Call, _ *fakeTool) {
			c.Check = func() error { return errors.New("a: not a string") }
		}, ErrInvalid, 0, []string{"decision failure"}},
		{"arguments are invalid and policy denies", func(w *world, c *Call, _ *fakeTool) {
			c.Check = func() error { return errors.New("a: not a string") }
			w.policies[0].decide = deny
		}, ErrDenied, 0, []string{"decision failure"}},
		{"checking panics", func(_ *world, c *Call, _ *fakeTool) {
			c.Check = func() error { panic("check") }
		}, ErrFailed, 0, []string{"decision failure"}},
		{"policy panics", func(w *world, _ *Call, _ *fakeTool) {
			w.policies[0].decide = func(abi.PolicyRequest) (abi.PolicyAnswer, error) { panic("policy") }
		}, ErrFailed, 0, []string{"decision failure"}},
		{"auth panics", func(w *world, _ *Call, _ *fakeTool) {
			w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) { panic("auth") }
		}, ErrUnauthenticated, 0, nil},
		{"arguments have no canonical form", func(_ *world, c *Call, _ *fakeTool) {
			c.Params = json.RawMessage(`{"a":1,"a":2}`)
		}, ErrInvalid, 0, []string{"decision failure"}},
		{"arguments lose digits", func(_ *world, c *Call, _ *fakeTool) {
			c.Params = json.RawMessage(`{"a":9007199254740993}`)
		}, ErrInvalid, 0, []string{"decision failure"}},
		{"policy denies", func(w *world, _ *Call, _ *fakeTool) { w.policies[0].decide = deny }, ErrDenied, 0, []string{"decision failure"}},
		{"policy traps", func(w *world, _ *Call, _ *fakeTool) {
			w.policies[0].decide = func(abi.PolicyRequest) (abi.PolicyAnswer, error) {
				return abi.PolicyAnswer{Decision: abi.Allow}, errors.New("trap")
			}
		}, ErrDenied, 0, []string{"decision failure"}},
		{"policy says nothing", func(w *world, _ *Call, _ *fakeTool) {
			w.policies[0].decide = func(abi.PolicyRequest) (abi.PolicyAnswer, error) { return abi.PolicyAnswer{}, nil }
		}, ErrDenied, 0, []string{"decision failure"}},
		{"second policy denies", func(w *world, _ *Call, _ *fakeTool) {
			w.policies = append(w.policies, &fakePolicy{decide: deny})
		}, ErrDenied, 0, []string{"decision failure"}},
		{"policy's worker dies", func(w *world, _ *Call, _ *fakeTool) {
			w.policies[0].decide = func(abi.PolicyRequest) (abi.PolicyAnswer, error) {
				return abi.PolicyAnswer{}, fmt.Errorf("%w: signal: killed", runtimes.ErrDied)
			}
		}, ErrDenied, 0, []string{"decision failure"}},
		{"policy is in quarantine", func(w *world, _ *Call, _ *fakeTool) {
			w.policies[0].decide = func(abi.PolicyRequest) (abi.PolicyAnswer, error) {
				return abi.PolicyAnswer{Decision: abi.Allow}, runtimes.ErrQuarantined
			}
		}, ErrUnavailable, 0, []string{"decision failure"}},
		{"auth's worker dies", func(w *world, _ *Call, _ *fakeTool) {
			w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) { return abi.AuthAnswer{}, runtimes.ErrDied }
		}, ErrUnauthenticated, 0, nil},
		{"auth is in quarantine", func(w *world, _ *Call, _ *fakeTool) {
			w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) { return abi.AuthAnswer{}, runtimes.ErrQuarantined }
		}, ErrUnavailable, 0, nil},
		{"decision cannot be recorded", func(w *world, _ *Call, _ *fakeTool) { w.failEntry = KindDecision }, ErrUnavailable, 0, nil},
		{"tool fails", func(_ *world, _ *Call, f *fakeTool) { f.err = errors.New("trap") }, ErrFailed, 1, []string{"decision success", "result failure"}},
		{"tool's worker dies", func(_ *world, _ *Call, f *fakeTool) { f.err = runtimes.ErrDied }, ErrFailed, 1, []string{"decision success", "result failure"}},
		{"tool is in quarantine", func(_ *world, _ *Call, f *fakeTool) { f.err = runtimes.ErrQuarantined }, ErrUnavailable, 1, []string{"decision success", "result failure"}},
		{"tool panics", func(_ *world, _ *Call, f *fakeTool) { f.panics = true }, ErrFailed, 1, []string{"decision success", "result failure"}},
		{"encoding fails", func(_ *world, _ *Call, f *fakeTool) { f.encode = errors.New("no") }, ErrFailed, 1, []string{"decision success", "result failure"}},
		{"result cannot be recorded", func(w *world, _ *Call, _ *fakeTool) { w.failEntry = KindResult }, ErrUnavailable, 1, []string{"decision success"}},
		{"policy is in quarantine when it sees the result", func(w *world, _ *Call, _ *fakeTool) {
			w.policies = append(w.policies, &fakePolicy{after: true, decide: func(q abi.PolicyRequest) (abi.PolicyAnswer, error) {
				if q.Phase == abi.PhaseAfter {
					return abi.PolicyAnswer{}, runtimes.ErrQuarantined
				}
				return allow(q)
			}})
		}, ErrUnavailable, 1, []string{"decision success", "result failure"}},
		{"policy denies the result", func(w *world, _ *Call, _ *fakeTool) {
			w.policies = append(w.policies, &fakePolicy{after: true, decide: func(q abi.PolicyRequest) (abi.PolicyAnswer, error) {
				if q.Phase == abi.PhaseAfter {
					return deny(q)
				}
				return allow(q)
			}})
		}, ErrDenied, 1, []string{"decision success", "result failure"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tool := &fakeTool{w: w, answer: &abi.ToolAnswer{Content: []abi.Content{{Type: abi.ContentText, Text: "7"}}}}
			c := call()
			tt.setup(w, c, tool)
			done, err := w.open(t).Do(t.Context(), c, tool)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if w.ran != tt.ran {
				t.Errorf("the tool ran %d times, want %d", w.ran, tt.ran)
			}
			if got := w.kinds(); !slices.Equal(got, tt.kinds) {
				t.Errorf("log holds %v, want %v", got, tt.kinds)
			}
			if (err == nil) != (done.Result != nil) || (err == nil) != (done.Receipt.Hash != "") {
				t.Errorf("result %s and receipt %v with error %v", done.Result, done.Receipt, err)
			}
			if done.Call == "" || err != nil && !strings.Contains(err.Error(), done.Call) {
				t.Errorf("error %v does not name call %q", err, done.Call)
			}
			var e *Error
			if errors.As(err, &e) && e.Cause != nil && strings.Contains(err.Error(), e.Cause.Error()) {
				t.Errorf("the client would see the cause: %v", err)
			}
		})
	}
}

func TestRedactReplacesTheAnswer(t *testing.T) {
	w := newWorld(t)
	hidden := &abi.ToolAnswer{Content: []abi.Content{{Type: abi.ContentText, Text: "hidden"}}}
	w.policies = append(w.policies, &fakePolicy{after: true, decide: func(q abi.PolicyRequest) (abi.PolicyAnswer, error) {
		if q.Phase == abi.PhaseAfter {
			return abi.PolicyAnswer{Decision: abi.Redact, Reason: "private", Result: hidden}, nil
		}
		return allow(q)
	}})
	done, err := w.open(t).Do(t.Context(), call(), &fakeTool{w: w, answer: &abi.ToolAnswer{Content: []abi.Content{{Type: abi.ContentText, Text: "secret"}}}})
	if err != nil || strings.Contains(string(done.Result), "secret") || !strings.Contains(string(done.Result), "hidden") {
		t.Fatalf("result %s, error %v", done.Result, err)
	}
	if v := w.entries[len(w.entries)-1].Verdict; *v != (Verdict{"redact", "rule 1; policy abac redacted: private"}) {
		t.Errorf("the result's entry says %+v", v)
	}
}

func TestZeroCallerIsNobody(t *testing.T) {
	w := newWorld(t)
	w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) { return abi.AuthAnswer{Refused: "no"}, nil }
	w.open(t)
	other := newWorld(t).open(t)
	foreign, err := other.Gate.Authenticate(t.Context(), call())
	if err != nil {
		t.Fatal(err)
	}
	for name, caller := range map[string]*Caller{"zero": {}, "of another gate": foreign, "nil": nil} {
		c := call()
		c.Caller = caller
		if _, err := w.Do(t.Context(), c, &fakeTool{w: w}); !errors.Is(err, ErrUnauthenticated) {
			t.Errorf("%s caller: %v", name, err)
		}
		if w.Visible(t.Context(), caller, call()) {
			t.Errorf("%s caller sees a tool", name)
		}
	}
	if w.ran != 0 {
		t.Error("the tool ran")
	}
}

func TestCacheServesOnlyWhatItMay(t *testing.T) {
	w := newWorld(t).open(t)
	tests := []struct {
		name  string
		setup func(c *Call)
		asked int
	}{
		{"first", func(*Call) {}, 1},
		{"same again", func(*Call) {}, 0},
		{"other token", func(c *Call) { c.Credential.Value = "token2" }, 1},
		{"other peer", func(c *Call) { c.Peer = "127.0.0.2" }, 1},
		{"other transport", func(c *Call) { c.Transport = "stdio" }, 1},
		{"field boundary moved", func(c *Call) { c.Credential.Scheme, c.Credential.Value = "bearert", "oken" }, 1},
		{"no credential", func(c *Call) { c.Credential = nil }, 1},
		{"no credential again", func(c *Call) { c.Credential = nil }, 1},
		{"five minutes later", func(*Call) { w.time = w.time.Add(maxAge) }, 1},
		{"overtaken by another look at the clock", func(*Call) { w.time = w.time.Add(-time.Millisecond) }, 0},
		{"clock jumps backwards", func(*Call) { w.time = w.time.Add(-time.Minute) }, 1},
		{"same again", func(*Call) {}, 0},
		{"clock no longer synchronised", func(*Call) { w.state = abi.ClockUnsynchronised }, 1},
		{"still not", func(*Call) {}, 1},
		{"synchronised again", func(*Call) { w.state = abi.ClockTrusted }, 1},
		{"same again", func(*Call) {}, 0},
	}
	for _, tt := range tests {
		c := call()
		tt.setup(c)
		before := w.asked
		if _, err := w.Gate.Authenticate(t.Context(), c); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got := w.asked - before; got != tt.asked {
			t.Errorf("%s: asked the auth plugin %d times, want %d", tt.name, got, tt.asked)
		}
	}
}

func TestUncacheableAndRefusedAreAskedAgain(t *testing.T) {
	w := newWorld(t)
	w.auth = func(q abi.AuthRequest) (abi.AuthAnswer, error) {
		a, err := alice(q)
		a.Cacheable = false
		return a, err
	}
	w.open(t)
	for range 2 {
		if _, err := w.Gate.Authenticate(t.Context(), call()); err != nil {
			t.Fatal(err)
		}
	}
	w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) { return abi.AuthAnswer{Refused: "no"}, nil }
	for range 2 {
		if _, err := w.Gate.Authenticate(t.Context(), call()); err == nil {
			t.Fatal("a refused caller came in")
		}
	}
	if w.asked != 4 {
		t.Errorf("asked %d times, want 4", w.asked)
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCallerCache()
	for i := range 2 * maxCached {
		c.put(cacheKey{byte(i), byte(i >> 8)}, &Caller{expires: noon.Add(time.Hour)}, noon)
	}
	if len(c.m) > maxCached {
		t.Errorf("%d callers cached, limit %d", len(c.m), maxCached)
	}
}

func TestPrefix(t *testing.T) {
	for peer, want := range map[string]string{
		"": "stdio", "uid:1000": "uid:1000", "192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24", "2001:db8::1": "2001:db8::/64",
		"fe80::1%eth0": "fe80::/64", "nonsense": "unknown",
	} {
		if got := prefix(peer); got != want {
			t.Errorf("prefix(%q) = %q, want %q", peer, got, want)
		}
	}
}

func TestNewRefusesAGateWithHoles(t *testing.T) {
	w := newWorld(t).open(t)
	full := w.Gate.Config
	for name, c := range map[string]func(*Config){
		"auth": func(c *Config) { c.Auth = nil }, "policies": func(c *Config) { c.Policies = nil }, "log": func(c *Config) { c.Log = nil },
		"clock": func(c *Config) { c.Clock = nil }, "audience": func(c *Config) { c.Audience = "" },
	} {
		hole := full
		c(&hole)
		if _, err := New(hole); err == nil {
			t.Errorf("a gate without %s was built", name)
		}
	}
}

// With a monotonic reading, times compare by that alone: a wall clock that jumps would go unnoticed.
func TestTheGateGoesByTheWallClock(t *testing.T) {
	w := newWorld(t).open(t)
	w.time = time.Now()
	if got := w.now().String(); strings.Contains(got, " m=") {
		t.Errorf("%s has a monotonic reading", got)
	}
}
