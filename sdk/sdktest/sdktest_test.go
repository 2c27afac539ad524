package sdktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk"
)

// The plugin under test answers whatever the test wants. A model is the role that can say anything.
var answer func(in []byte) ([]byte, error)

func init() {
	sdk.Model(func(in []byte) ([]byte, error) { return answer(in) })
}

// A failing is a test that takes note of its failure and goes on.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Errorf(format string, args ...any) { f.said += fmt.Sprintf(format, args...) }
func (f *failing) Fatalf(format string, args ...any) { f.said += fmt.Sprintf(format, args...) }

func says(reply string) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return []byte(reply), nil }
}

func TestAnswersThatAHostRefusesFail(t *testing.T) {
	auth := func(p *Plugin) { p.Auth(abi.AuthRequest{}) }
	policy := func(p *Plugin) { p.Policy(abi.PolicyRequest{}) }
	after := func(p *Plugin) { p.Policy(abi.PolicyRequest{Phase: abi.PhaseAfter}) }
	tool := func(p *Plugin) { p.Tool(abi.ToolRequest{}) }
	const redact = `{"decision":"redact","reason":"x","result":{"content":[]}}`
	for _, c := range []struct {
		name  string
		ask   func(*Plugin)
		reply string
		fails bool
	}{
		{"a refusal", auth, `{"refused":"no"}`, false},
		{"no principal", auth, `{}`, true},
		{"a decision", policy, `{"decision":"deny","reason":"x"}`, false},
		{"upper case", policy, `{"decision":"DENY","reason":"x"}`, true},
		{"inexact name", policy, `{"Decision":"deny","reason":"x"}`, true},
		{"redact before", policy, redact, true},
		{"redact after", after, redact, false},
		{"a result", tool, `{"content":[]}`, false},
		{"trailing data", tool, `{"content":[]} ` + "x", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer = says(c.reply)
			f := &failing{TB: t}
			c.ask(New(f, Config{}, nativeMachine{}))
			if (f.said != "") != c.fails {
				t.Errorf("fails: %t, said %q", !c.fails, f.said)
			}
		})
	}
}

func TestErrorsAreThePlugins(t *testing.T) {
	answer = func([]byte) ([]byte, error) { return []byte("ignored"), errors.New("why") }
	Run(t, Config{}, func(t *testing.T, p *Plugin) {
		var own *Error
		if _, err := p.Model(nil); !errors.As(err, &own) || own.Text != "why" {
			t.Errorf("Model: %v", err)
		}
		if err := p.Configure(`{"word":"ahoy"}`); !errors.As(err, &own) {
			t.Errorf("a plugin without Configure takes a config: %v", err)
		}
		for _, none := range []any{nil, " {}\n", []byte("{}"), json.RawMessage("{}"), struct{}{}} {
			if err := p.Configure(none); err != nil {
				t.Errorf("Configure(%v) = %v", none, err)
			}
		}
	})
}

func TestUngrantedCapabilitiesFail(t *testing.T) {
	for c, use := range map[abi.Capability]func(){
		abi.Log:    func() { sdk.Log(abi.LevelInfo, "hello") },
		abi.Audit:  func() { sdk.Audit(struct{}{}) },
		abi.Sign:   func() { sdk.Sign(0, nil) },
		abi.Attest: func() { sdk.Attest(make([]byte, abi.MinNonce)) },
		abi.Infer:  func() { sdk.Infer(0, nil) },
	} {
		answer = func([]byte) ([]byte, error) { use(); return nil, nil }
		f := &failing{TB: t}
		New(f, Config{}, nativeMachine{}).Model(nil)
		if !strings.Contains(f.said, c.String()) {
			t.Errorf("%s: said %q", c, f.said)
		}
	}
}

func TestImplausibleProgressFails(t *testing.T) {
	zero := 0.0
	for name, reports := range map[string][][2]float64{
		"falling": {{2, 3}, {1, 3}}, "another total": {{1, 3}, {1, 4}}, "not a number": {{zero / zero, 3}}, "infinite": {{1, 1 / zero}},
		"negative": {{-1, 3}},
	} {
		answer = func([]byte) ([]byte, error) {
			for _, r := range reports {
				sdk.Progress(r[0], r[1])
			}
			return nil, nil
		}
		f := &failing{TB: t}
		New(f, Config{}, nativeMachine{}).Model(nil)
		if f.said == "" {
			t.Errorf("%s: no failure", name)
		}
	}
}

// TestOutsideOfACall shows that host functions are unavailable to code that no host runs, as in init.
func TestOutsideOfACall(t *testing.T) {
	sdk.Log(abi.LevelInfo, "nobody hears")
	if err := sdk.Audit(struct{}{}); !errors.Is(err, sdk.ErrUnavailable) {
		t.Errorf("Audit: %v", err)
	}
	if _, err := sdk.Asset(0); !errors.Is(err, sdk.ErrUnavailable) {
		t.Errorf("Asset: %v", err)
	}
}

func TestParallelTestsShareNoHost(t *testing.T) {
	answer = func(in []byte) ([]byte, error) { sdk.Log(abi.LevelInfo, "%s", in); return nil, nil }
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			p := New(t, Config{Grants: abi.GrantsOf(abi.Log)}, nativeMachine{})
			for range 100 {
				if _, err := p.Model(fmt.Append(nil, i)); err != nil {
					t.Fatal(err)
				}
			}
			lines := p.Host.Lines()
			if len(lines) != 100 {
				t.Errorf("%d lines, want 100", len(lines))
			}
			for _, l := range lines {
				if l.Text != fmt.Sprint(i) {
					t.Fatalf("host %d got the line of %s", i, l.Text)
				}
			}
		})
	}
}
