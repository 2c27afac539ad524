package gate

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/host/strictjson"
)

// A fakeProver proves one entry, or does what a test has it do.
type fakeProver struct {
	entry string
	prove func() error
}

func (p fakeProver) Prove() (entry, proof string, err error) {
	return p.entry, "c2sp.org/tlog-proof@v1\nindex 1\n\n", p.prove()
}

// proving has the log give proofs, made by prove, and counts them.
func (w *world) proving(prove func() error) (count func() int) {
	var mu sync.Mutex
	n := 0
	w.prover = func(e Entry) Prover {
		text, _ := json.Marshal(e)
		return fakeProver{string(text), func() error {
			mu.Lock()
			n++
			mu.Unlock()
			return prove()
		}}
	}
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

func fine() error { return nil }

func receiptCall() *Call {
	c := call()
	c.Receipt = true
	return c
}

func TestProofsAreMadeForThoseWhoGetThem(t *testing.T) {
	answer := &abi.ToolAnswer{Content: []abi.Content{{Type: abi.ContentText, Text: "7"}}}
	for _, tt := range []struct {
		name   string
		setup  func(*world, *Call, *fakeTool)
		prove  func() error
		want   error
		proofs int
		given  bool
	}{
		{"a call", func(*world, *Call, *fakeTool) {}, fine, nil, 1, true},
		{"nobody asked", func(_ *world, c *Call, _ *fakeTool) { c.Receipt = false }, fine, nil, 0, false},
		{"the tool fails", func(_ *world, _ *Call, f *fakeTool) { f.err = errors.New("trap") }, fine, ErrFailed, 0, false},
		{"denied", func(w *world, _ *Call, _ *fakeTool) {
			w.policies[0].decide = func(abi.PolicyRequest) (abi.PolicyAnswer, error) { return abi.PolicyAnswer{}, nil }
		}, fine, ErrDenied, 0, false},
		{"the result cannot be recorded", func(w *world, _ *Call, _ *fakeTool) { w.failEntry = KindResult }, fine, ErrUnavailable, 0, false},
		{"the log gives none", func(w *world, _ *Call, _ *fakeTool) { w.prover = nil }, fine, nil, 0, false},
		{"the proof fails", func(*world, *Call, *fakeTool) {}, func() error { return errors.New("no key") }, ErrUnavailable, 1, false},
		{"the proof panics", func(*world, *Call, *fakeTool) {}, func() error { panic("key") }, ErrUnavailable, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			count := w.proving(tt.prove)
			c, tool := receiptCall(), &fakeTool{w: w, answer: answer}
			tt.setup(w, c, tool)
			done, err := w.open(t).Do(t.Context(), c, tool)
			if !errors.Is(err, tt.want) || count() != tt.proofs || (done.Proof != nil) != tt.given {
				t.Errorf("error %v, want %v; %d proofs, want %d; %v", err, tt.want, count(), tt.proofs, done.Proof)
			}
			if err != nil && (done.Result != nil || done.Answer != nil) {
				t.Error("the answer was not withheld")
			}
		})
	}
}

// Calls prove at the same time, and none of them in another's way: the first ends when all have begun.
func TestProofsAreMadeConcurrently(t *testing.T) {
	w := newWorld(t)
	var begun sync.WaitGroup
	const calls = 8
	begun.Add(calls)
	w.proving(func() error {
		begun.Done()
		begun.Wait()
		return nil
	})
	w.open(t)
	if _, err := w.Gate.Authenticate(t.Context(), call()); err != nil { // the fakes are no match for eight at once
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range calls {
		group.Go(func() {
			x := w.newExchange(&Call{ID: "c", Receipt: true}, &Caller{}, time.Now())
			r, err := w.Append(t.Context(), x.entry(KindResult, Success, ""))
			if err == nil {
				_, err = x.prove(r)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// What a client is given is enough to see that the entry speaks of its request and its response.
func TestTheReceiptBindsTheCall(t *testing.T) {
	w := newWorld(t)
	w.proving(fine)
	w.policies = append(w.policies, &fakePolicy{decide: func(abi.PolicyRequest) (abi.PolicyAnswer, error) {
		return abi.PolicyAnswer{Decision: abi.Allow, Reason: "rule 2\x1b"}, nil
	}})
	c := receiptCall()
	c.Trace, c.Parent, c.Ref.Backend = strings.Repeat("ab", 16), strings.Repeat("cd", 8), "wazero/process"
	tool := &usesAll{fakeTool{w: w, answer: &abi.ToolAnswer{Content: []abi.Content{{Type: abi.ContentText, Text: "7"}}}}}
	done, err := w.open(t).Do(t.Context(), c, tool)
	if err != nil {
		t.Fatal(err)
	}
	var e Entry
	if err := strictjson.Decode([]byte(done.Proof.Entry), &e); err != nil {
		t.Fatal(err)
	}
	salt, err := base64.StdEncoding.DecodeString(done.Proof.Salt)
	if err != nil || len(salt) != 16 {
		t.Fatalf("salt %q", done.Proof.Salt)
	}
	digest := func(data json.RawMessage) string {
		canonical, err := strictjson.Canonical(data)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(append(slices.Clone(salt), canonical...))
		return hex.EncodeToString(sum[:])
	}
	if e.Request != digest(c.Arguments) || e.Response != digest(done.Result) {
		t.Errorf("the digests are of something else: %s %s", e.Request, e.Response)
	}
	want := Entry{
		Actor: "alice", Action: "tools/call", Resource: "label", Outcome: Success, TraceID: c.Trace, Parent: c.Parent, Kind: KindResult, Event: CallResult,
		Call: done.Call, Plugins: []PluginRef{{Alias: "auth", Digest: "a1"}, {Alias: "abac", Digest: "p1"}, {Alias: "abac", Digest: "p1"},
			{Alias: "inspect", Digest: "t1", Backend: "wazero/process"}, {Alias: "digits", Digest: "m1", Backend: "wazero/inline"}},
		Request: e.Request, Response: e.Response, Verdict: &Verdict{"allow", `rule 2\x1b`}, Grants: []string{"attest", "infer", "log", "sign"},
		Micros: e.Micros, Fuel: 9,
	}
	if got, want := asJSON(e), asJSON(want); got != want {
		t.Errorf("the entry is\n%s, want\n%s", got, want)
	}
	for _, logged := range w.entries {
		if strings.Contains(asJSON(logged), done.Proof.Salt) {
			t.Error("the salt is in the log")
		}
	}
}

func asJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// usesAll is a tool that uses capabilities, and a model that does.
type usesAll struct{ fakeTool }

func (u *usesAll) Run(ctx context.Context, c *Caller) (*abi.ToolAnswer, error) {
	r := RunningFrom(ctx)
	for _, g := range []abi.Capability{abi.Sign, abi.Attest, abi.Infer, abi.Infer, abi.Progress} {
		r.UseGrant(g)
	}
	inner := r.Enter(ctx, "inspect", PluginRef{Alias: "digits", Digest: "m1", Backend: "wazero/inline"})
	RunningFrom(inner).UseGrant(abi.Log)
	inner.Usage.Fuel = 9
	inner.End()
	return u.fakeTool.Run(ctx, c)
}

func TestNotingGrantsCostsNothing(t *testing.T) {
	r := &Running{}
	if n := testing.AllocsPerRun(100, func() { r.UseGrant(abi.Infer) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	var nobody *Running
	nobody.UseGrant(abi.Log)
}

func TestVerdictOfTheResult(t *testing.T) {
	after := func(a abi.PolicyAnswer, err error) func(abi.PolicyRequest) (abi.PolicyAnswer, error) {
		return func(q abi.PolicyRequest) (abi.PolicyAnswer, error) {
			if q.Phase == abi.PhaseAfter {
				return a, err
			}
			return allow(q)
		}
	}
	left := &abi.ToolAnswer{Content: []abi.Content{}}
	for _, tt := range []struct {
		name    string
		decide  func(abi.PolicyRequest) (abi.PolicyAnswer, error)
		outcome string
		reason  string
	}{
		{"allows", allow, "allow", "rule 1"},
		{"redacts", after(abi.PolicyAnswer{Decision: abi.Redact, Reason: "private", Result: left}, nil), "redact", "rule 1; policy abac redacted: private"},
		{"denies", after(abi.PolicyAnswer{Decision: abi.Deny, Reason: "secret"}, nil), "deny", "rule 1; policy abac on the result: secret"},
		{"traps", after(abi.PolicyAnswer{Decision: abi.Allow}, errors.New("trap")), "deny", "rule 1; policy abac on the result: trap"},
		{"panics", func(q abi.PolicyRequest) (abi.PolicyAnswer, error) {
			if q.Phase == abi.PhaseAfter {
				panic("policy")
			}
			return allow(q)
		}, "deny", "rule 1; panic: policy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.policies[0].after, w.policies[0].decide = true, tt.decide
			_, _ = w.open(t).Do(t.Context(), call(), &fakeTool{w: w, answer: left})
			if v := w.entries[len(w.entries)-1].Verdict; v == nil || *v != (Verdict{tt.outcome, tt.reason}) {
				t.Errorf("%+v", v)
			}
		})
	}
}
