package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/attest"
	"bulkhead/host/capability"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/runtimes"
)

// Whatever an attacker puts on the workbench, nothing of a host is there to be had.
func TestWorkbenchReachesNothingOfAHost(t *testing.T) {
	for _, name := range []string{
		"benchcontender.go", "benchflags.go", "benchinput.go", "benchresult.go", "benchrounds.go", "collector.go", "pluginbench.go", "plugincall.go", "pluginlimits.go", "proposal.go", "specimen.go", "standin.go", "tally.go", "workbench.go",
	} {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, never := range []string{"audit", "cache", "control", "floor", "state", "gateway"} {
				if imported == "bulkhead/host/"+never {
					t.Errorf("%s imports %s", name, imported)
				}
			}
		}
	}
}

func TestLoadSeesNoCacheAndTheLimits(t *testing.T) {
	sp := specimenOf(abi.GrantsOf(abi.Log))
	b := &noting{}
	if _, err := loadSpecimen(t.Context(), b, sp, placement{engine: "wazero"}, nil, runtimes.Limits{Memory: 1 << 20}); err == nil {
		t.Fatal("the backend refuses all, and it loaded")
	}
	if b.p.Cache != nil || b.p.Limits.Memory != 1<<20 || b.p.Grants != sp.program.Grants {
		t.Errorf("loaded %+v", b.p)
	}
}

// noting refuses every plugin and keeps what it was.
type noting struct{ p runtimes.Program }

func (n *noting) Load(_ context.Context, p runtimes.Program) (runtimes.Module, error) {
	n.p = p
	return nil, &runtimes.LoadError{}
}

func (*noting) Close(context.Context) error { return nil }

func specimenOf(g abi.Grants) *specimen {
	return &specimen{name: "acme/x", digest: strings.Repeat("a", 64), role: abi.RoleTool, program: runtimes.Program{Grants: g}}
}

// HARDENING: signatures of the workbench have a context of their own. Were somebody to trust a key of it, no message
// would pass for a host's.
func TestStandInSignsForNobody(t *testing.T) {
	key, err := keys.Generate()
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("message")
	signature, err := throwaway{key}.Sign(message, capability.SignContext("acme/x", "report"))
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Public().Verify(message, "bulkhead/workbench/v1", signature); err != nil {
		t.Errorf("in the workbench's context: %v", err)
	}
	for _, context := range []string{capability.SignContext("acme/x", "report"), attest.Type, "bulkhead/plugin/v1", ""} {
		if key.Public().Verify(message, context, signature) == nil {
			t.Errorf("it verifies in the context %q", context)
		}
	}
}

func TestStandInsAreBoundAsInAHost(t *testing.T) {
	sp := specimenOf(abi.RoleTool.Allowed())
	sp.keys = []string{"one", "two"}
	words := newCollector()
	s, err := newStandIn(sp, words)
	if err != nil {
		t.Fatal(err)
	}
	nonce := []byte("0123456789abcdef")
	if _, err := s.Capability(t.Context(), abi.Attest, 0, nil, nonce); !errors.Is(err, abi.ErrUnavailable) {
		t.Errorf("outside a call: %v", err)
	}
	ctx := gate.WithRunning(t.Context(), &gate.Running{Call: "c", Principal: "p"})
	for _, c := range []struct {
		what abi.Capability
		slot uint32
		want error
	}{
		{abi.Sign, 0, nil}, {abi.Sign, 1, nil}, {abi.Sign, 2, abi.ErrNotFound}, {abi.Infer, 0, nil}, {abi.Infer, 1, abi.ErrNotFound}, {abi.Attest, 0, nil},
	} {
		if _, err := s.Capability(ctx, c.what, c.slot, nil, nonce); !errors.Is(err, c.want) {
			t.Errorf("%s %d: %v, want %v", c.what, c.slot, err, c.want)
		}
	}
	if u := words.heard(0).Uses; u["sign"] != (uses{2, 1}) || u["infer"] != (uses{1, 1}) || u["attest"] != (uses{1, 1}) {
		t.Errorf("counted %+v", u)
	}
	if _, err := newStandIn(specimenOf(0), words); err != nil {
		t.Errorf("nothing granted: %v", err)
	}
}

// Everything a flood says is counted, and little of it kept.
func TestCollectorIsBounded(t *testing.T) {
	c := newCollector()
	s, err := newStandIn(specimenOf(abi.GrantsOf(abi.Log, abi.Audit)), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx := gate.WithRunning(t.Context(), &gate.Running{})
	object := []byte(`{"a": "` + strings.Repeat("x", 15<<10) + `"}`)
	for range 500 {
		s.Capability(ctx, abi.Log, 9, nil, []byte(strings.Repeat("y", 8<<10)))
		s.Capability(ctx, abi.Audit, 0, nil, object)
	}
	h := c.heard(7)
	size := 0
	for _, o := range h.Audit {
		size += len(o)
	}
	for _, l := range h.Log {
		size += len(l.Line)
	}
	if size > 2*maxKeptBytes || len(h.Log) == 0 || len(h.Audit) == 0 {
		t.Errorf("kept %d bytes, %d lines, %d objects", size, len(h.Log), len(h.Audit))
	}
	if len(h.Log)+h.NotShown.Log != 500+7 || len(h.Audit)+h.NotShown.Audit != h.Uses["audit"].Done || h.Uses["audit"].Done+h.Uses["audit"].Refused != 500 {
		t.Errorf("not shown %+v, uses %+v", h.NotShown, h.Uses)
	}
	if h.Log[0].Level != "error" || h.Audit[0][4] != ':' {
		t.Errorf("%+v, %.10s", h.Log[0].Level, h.Audit[0])
	}
	for range 500 {
		s.Capability(ctx, abi.Log, 0, nil, nil)
	}
	if n := len(c.heard(0).Log); n > maxKept {
		t.Errorf("%d lines are kept", n)
	}
}

// Each outcome has the exit code that the error has in every other command.
func TestOutcomes(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want outcome
		exit int
	}{
		{nil, "ok", exitOK},
		{&runtimes.GuestError{Text: "no"}, "error", exitPlugin},
		{fmt.Errorf("x: %w", runtimes.ErrTrap), "trap", exitPlugin},
		{fmt.Errorf("x: %w", runtimes.ErrBadOutput), "bad-output", exitPlugin},
		{fmt.Errorf("x: %w", runtimes.ErrDied), "died", exitPlugin},
		{fmt.Errorf("x: %w", runtimes.ErrLimit), "limit", exitLimit},
		{&runtimes.LoadError{Err: runtimes.ErrLimit}, "refused", exitRefused},
		{&runtimes.LoadError{Err: runtimes.ErrDied}, "refused", exitRefused},
		{refused(errors.New("x"), ""), "refused", exitRefused},
		{context.Canceled, "", exitFailure},
		{runtimes.ErrClosed, "", exitFailure},
	} {
		if got := outcomeOf(tt.err); got != tt.want || got.exit() != tt.exit || tt.err != nil && code(tt.err) != tt.exit {
			t.Errorf("%v is %q, exit %d, want %q, exit %d", tt.err, got, got.exit(), tt.want, tt.exit)
		}
	}
	dead := &tally{worst: fmt.Errorf("%w after %w", runtimes.ErrQuarantined, runtimes.ErrDied)}
	if err := dead.exit(); outcomeOf(dead.worst) != outcomeDied || code(err) != exitPlugin || strings.Contains(hint(err), "status") {
		t.Errorf("in quarantine: %q, exit %d, hint %q", outcomeOf(dead.worst), code(err), hint(err))
	}
}

// fickle answers or fails, call by call.
type fickle struct {
	answers []any // string or error
	calls   int
}

func (f *fickle) Call(_ context.Context, dst, _ []byte) ([]byte, error) {
	f.calls++
	if err, ok := f.answers[f.calls-1].(error); ok {
		return nil, err
	}
	return append(dst, f.answers[f.calls-1].(string)...), nil
}

func (*fickle) Close(context.Context) error { return nil }

func TestTally(t *testing.T) {
	trap, limit, other := fmt.Errorf("a: %w", runtimes.ErrTrap), fmt.Errorf("b: %w", runtimes.ErrLimit), fmt.Errorf("c: %w", runtimes.ErrTrap)
	for _, tt := range []struct {
		name    string
		answers []any
		worst   error
		differs int
		failure error
		text    string
	}{
		{"alike", []any{"a", "a", "a"}, nil, 0, nil, "3 calls: 3 ok; all ended alike, to the letter"},
		{"leaking", []any{"a", "a", "b", "a"}, nil, 3, nil, "4 calls: 4 ok; call 3 was the first to end otherwise than call 1"},
		{"poisoned", []any{"a", trap, "a"}, trap, 2, nil, "3 calls: 2 ok, 1 trap; call 2 was the first to end otherwise than call 1"},
		{"a limit is worse", []any{trap, limit, trap}, limit, 2, nil, "3 calls: 1 limit, 2 trap; call 2 was the first to end otherwise than call 1"},
		{"two traps", []any{trap, other}, trap, 2, nil, "2 calls: 2 trap; call 2 was the first to end otherwise than call 1"},
		{"an answer that reads like an error", []any{trap, "a: trap"}, trap, 2, nil, "2 calls: 1 ok, 1 trap; call 2 was the first to end otherwise than call 1"},
		{"interrupted", []any{"a", context.Canceled, "b"}, nil, 0, context.Canceled, "1 calls: 1 ok; all ended alike, to the letter"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ta := newTally()
			err := ta.run(t.Context(), &workbench{module: &fickle{answers: tt.answers}}, nil, len(tt.answers))
			if err != tt.failure || ta.worst != tt.worst || ta.differs != tt.differs || ta.text() != tt.text {
				t.Errorf("%v; worst %v, differs %d, %q", err, ta.worst, ta.differs, ta.text())
			}
			if want, ok := tt.answers[0].(string); ok && (string(ta.first) != want || ta.digest != sha256.Sum256([]byte("answer: "+want))) {
				t.Errorf("the first answer is %q now", ta.first)
			}
		})
	}
}

func TestOnTerminal(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"two\nlines", "two\nlines"},
		{"\x1b[2Jgone", `\x1b[2Jgone`},
		{"\u202egnp.exe", `\u202egnp.exe`},
	} {
		if got := onTerminal([]byte(tt.in)); got != tt.want {
			t.Errorf("%q is shown as %q", tt.in, got)
		}
	}
	if got := onTerminal([]byte(strings.Repeat("\xff\x1b", 1<<20))); strings.Contains(got, "\x1b") || len(got) > 8*maxOnTerminal || !strings.Contains(got, "2097152 bytes") {
		t.Errorf("%d bytes are shown: %.80q", len(got), got)
	}
}
