package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// world is a gateway before a real gate, whose auth, policy and log are fakes, and which counts what reaches it.
type world struct {
	*Server
	gate *gate.Gate
	url  string

	mu      sync.Mutex
	did     []string // actions that went through Do
	asked   int      // calls of Authenticate
	foreign int      // calls of Stranger
	ran     []string // tools that ran
	entries []gate.Entry
	failLog bool
	log     gate.Log                       // takes the entries; nil: they are kept here
	prover  func(entry string) gate.Prover // nil: the log gives no proofs
	policy  func(abi.PolicyRequest) abi.PolicyAnswer
	expires time.Duration
}

func (w *world) Authenticate(ctx context.Context, c *gate.Call) (*gate.Caller, error) {
	w.mu.Lock()
	w.asked++
	w.mu.Unlock()
	return w.gate.Authenticate(ctx, c)
}

func (w *world) Do(ctx context.Context, c *gate.Call, run gate.Runner) (gate.Done, error) {
	w.mu.Lock()
	w.did = append(w.did, c.Action)
	w.mu.Unlock()
	return w.gate.Do(ctx, c, run)
}

func (w *world) Visible(ctx context.Context, caller *gate.Caller, c *gate.Call) bool {
	return w.gate.Visible(ctx, caller, c)
}

func (w *world) Stranger(peer, class string) {
	w.mu.Lock()
	w.foreign++
	w.mu.Unlock()
	w.gate.Stranger(peer, class)
}

// takeForeign returns and forgets how many requests were turned away as foreign.
func (w *world) takeForeign() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.foreign
	w.foreign = 0
	return n
}

// actions returns and forgets what went through Do.
func (w *world) actions() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := strings.Join(w.did, " ")
	w.did = nil
	return s
}

func (w *world) tools() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := strings.Join(w.ran, " ")
	w.ran = nil
	return s
}

// fakeAuth knows alice and bob by their tokens, and the caller without one.
type fakeAuth struct{ w *world }

func (f fakeAuth) Ref() gate.PluginRef { return gate.PluginRef{Alias: "auth", Digest: "a1"} }

func (f fakeAuth) Authenticate(_ context.Context, q abi.AuthRequest) (abi.AuthAnswer, error) {
	id := "anonymous"
	if q.Credential != nil {
		if id = q.Credential.Value; q.Credential.Scheme != "bearer" || id != "alice" && id != "bob" {
			return abi.AuthAnswer{Refused: "unknown"}, nil
		}
	}
	return abi.AuthAnswer{Principal: &abi.Principal{ID: id, Expires: time.Now().Add(f.w.expires).UTC().Format(time.RFC3339Nano)}}, nil
}

type fakePolicy struct{ w *world }

func (f fakePolicy) Ref() gate.PluginRef { return gate.PluginRef{Alias: "policy", Digest: "p1"} }
func (f fakePolicy) After() bool         { return false }
func (f fakePolicy) Decide(_ context.Context, q abi.PolicyRequest) (abi.PolicyAnswer, error) {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	return f.w.policy(q), nil
}

func allow(abi.PolicyRequest) abi.PolicyAnswer {
	return abi.PolicyAnswer{Decision: abi.Allow, Reason: "test"}
}

func denyAction(action string) func(abi.PolicyRequest) abi.PolicyAnswer {
	return func(q abi.PolicyRequest) abi.PolicyAnswer {
		if q.Action == action {
			return abi.PolicyAnswer{Decision: abi.Deny, Reason: "secret reason"}
		}
		return allow(q)
	}
}

const echoSchema = `{"type":"object","properties":{"t":{"type":"string"}},"required":["t"],"additionalProperties":false}`

// echo repeats its argument t.
func (w *world) echo() Tool {
	return Tool{
		Name: "echo", Title: "Echo", Description: "Says it again.", InputSchema: json.RawMessage(echoSchema),
		Plugin: "acme/echo", Ref: gate.PluginRef{Alias: "echo", Digest: "e1"},
		Check: func(a json.RawMessage) error {
			var v struct{ T *string }
			if err := json.Unmarshal(a, &v); err != nil || v.T == nil {
				return errors.New("t: missing")
			}
			return nil
		},
		Invoke: func(_ context.Context, q abi.ToolRequest) (*abi.ToolAnswer, error) {
			w.note("echo")
			var v struct{ T string }
			if err := json.Unmarshal(q.Arguments, &v); err != nil {
				return nil, err
			}
			return &abi.ToolAnswer{Content: []abi.Content{{Type: "text", Text: q.Principal + " says " + v.T}}}, nil
		},
	}
}

func (w *world) note(tool string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ran = append(w.ran, tool)
}

// text is a tool that answers always the same, which is what the conformance suite asks for.
func text(name, answer string) Tool {
	return Tool{
		Name: name, Description: "Answers with a fixed text.", InputSchema: json.RawMessage(`{"type":"object"}`),
		Check: func(json.RawMessage) error { return nil },
		Invoke: func(context.Context, abi.ToolRequest) (*abi.ToolAnswer, error) {
			return &abi.ToolAnswer{Content: []abi.Content{{Type: "text", Text: answer}}}, nil
		},
	}
}

// block is a tool that tells when it runs and ends with its context.
func block(name string, running chan<- struct{}, ended chan<- error) Tool {
	t := text(name, "")
	t.Invoke = func(ctx context.Context, _ abi.ToolRequest) (*abi.ToolAnswer, error) {
		running <- struct{}{}
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}
	return t
}

// newWorld builds a world without a listener. change may set whatever New looks at.
func newWorld(t testing.TB, change func(*world, *Config)) *world {
	t.Helper()
	w := &world{policy: allow, expires: time.Hour, prover: func(entry string) gate.Prover { return fakeProver{entry, nil} }}
	g, err := gate.New(gate.Config{
		Auth: fakeAuth{w}, Policies: []gate.Decider{fakePolicy{w}}, Log: fakeLog{w}, Audience: "test",
		Clock: func() (time.Time, abi.Clock) { return time.Now(), abi.ClockTrusted },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	w.gate = g
	c := Config{Gate: w, Name: "test", Version: "1", Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	c.Limits.Grace = 6 * time.Second // for 5 of them net/http takes a connection on which nothing was asked for busy
	c.Tools = []Tool{w.echo()}
	if change != nil {
		change(w, &c)
	}
	if w.Server, err = New(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// serve is newWorld with a listener.
func serve(t testing.TB, change func(*world, *Config)) *world {
	t.Helper()
	w := newWorld(t, change)
	h := httptest.NewServer(w.Handler())
	t.Cleanup(h.Close)
	t.Cleanup(w.stop)
	w.url = h.URL
	return w
}
