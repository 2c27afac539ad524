package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/both"
)

var big = strings.Repeat("0123456789abcdef", 10<<10)

func config() sdktest.Config {
	return sdktest.Config{
		Grants: abi.GrantsOf(abi.Log, abi.Audit, abi.Sign, abi.Attest, abi.Infer),
		Keys:   1,
		Models: []func([]byte) ([]byte, error){
			func(in []byte) ([]byte, error) { return in, nil },
			func([]byte) ([]byte, error) { return []byte(big), nil },
			func([]byte) ([]byte, error) { return nil, errors.New("no errno") },
			func([]byte) ([]byte, error) { return nil, abi.ErrDeadline },
		},
		Assets: [][]byte{[]byte("zero"), {}},
	}
}

// call runs a tool that must answer with one text.
func call(t *testing.T, p *sdktest.Plugin, tool string, args arguments) string {
	t.Helper()
	text, err := try(t, p, tool, args)
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	return text
}

func try(t *testing.T, p *sdktest.Plugin, tool string, args arguments) (string, error) {
	t.Helper()
	encoded, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.Tool(abi.ToolRequest{Tool: tool, Arguments: encoded})
	if err != nil {
		return "", err
	}
	if len(a.Content) != 1 {
		t.Fatalf("%d blocks of content", len(a.Content))
	}
	return a.Content[0].Text, nil
}

func want(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got %.100q (%d bytes), want %.100q (%d bytes)", got, len(got), want, len(want))
	}
}

func TestConfigure(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		if err := p.Configure(`{"word":"ahoy"}`); err != nil {
			t.Fatal(err)
		}
		want(t, call(t, p, "word", arguments{}), "ahoy")
		if l := p.Host.Lines(); len(l) != 1 || l[0] != (sdktest.Line{Level: abi.LevelInfo, Text: `configured with "ahoy"`}) {
			t.Errorf("lines: %+v", l)
		}
		want(t, call(t, p, "audit-early", arguments{}), "true")
		if err := p.Configure(map[string]string{"word": "hey"}); err != nil {
			t.Fatal(err)
		}
		want(t, call(t, p, "word", arguments{}), "hey")
	})
}

func refuses(t *testing.T, p *sdktest.Plugin, configs ...string) {
	t.Helper()
	for _, c := range configs {
		var own *sdktest.Error
		if err := p.Configure(c); !errors.As(err, &own) {
			t.Errorf("Configure(%s) = %v", c, err)
		}
	}
}

func TestConfigureFails(t *testing.T) {
	sdktest.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		refuses(t, p, `{"Word":"ahoy"}`, `{"word":"a","word":"b"}`, `[]`, `{"word":"a"}x`, ``)
		if err := p.Configure(nil); err != nil {
			t.Errorf("Configure(nil) = %v", err)
		}
	})
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) { refuses(t, p, `{"fail":"not today"}`) })
}

func TestLog(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		call(t, p, "log", arguments{Text: "ä\n"})
		call(t, p, "log", arguments{Text: strings.Repeat("ä", abi.MaxLogLine)})
		l := p.Host.Lines()
		if len(l) != 3 || l[1].Level != abi.LevelWarn {
			t.Fatalf("lines: %+v", l)
		}
		want(t, l[1].Text, "ä\n")
		want(t, l[2].Text, strings.Repeat("ä", abi.MaxLogLine/2))
	})
}

func TestAudit(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		call(t, p, "audit", arguments{Text: `{"digit":7}`})
		for _, bad := range []string{`[]`, `7`, `{"a":1,"a":1}`, `{"a":"` + big + `"}`} {
			if _, err := try(t, p, "audit", arguments{Text: bad}); err == nil {
				t.Errorf("audit accepts %.20s", bad)
			}
		}
		if a := p.Host.Audits(); len(a) != 1 || string(a[0]) != `{"digit":7}` {
			t.Errorf("audits: %s", a)
		}
	})
}

func TestSign(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		signature, err := hex.DecodeString(call(t, p, "sign", arguments{Text: "report"}))
		if err != nil {
			t.Fatal(err)
		}
		if !p.Host.Verify(0, []byte("report"), signature) || p.Host.Verify(0, []byte("other"), signature) {
			t.Error("the signature is not over the message")
		}
		_, err = try(t, p, "sign", arguments{Slot: 1})
		want(t, fmt.Sprint(err), abi.ErrNotFound.Error())
		_, err = try(t, p, "sign", arguments{Text: big})
		want(t, fmt.Sprint(err), abi.ErrLimit.Error())
		p.Host.Fail(abi.Sign, abi.ErrDenied)
		_, err = try(t, p, "errno", arguments{})
		want(t, fmt.Sprint(err), abi.ErrDenied.Error())
		p.Host.Fail(abi.Sign, nil)
		call(t, p, "sign", arguments{})
	})
}

// TestKeptResult has answers longer than the guest's first buffer, which must come by result.
func TestKeptResult(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		nonce := "0123456789abcdef"
		want(t, call(t, p, "attest", arguments{Text: nonce}), string(p.Host.Evidence([]byte(nonce))))
		want(t, call(t, p, "infer", arguments{Slot: 1}), big)
		_, err := try(t, p, "attest", arguments{Text: "short"})
		want(t, fmt.Sprint(err), abi.ErrInvalid.Error())
	})
}

func TestInfer(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		for _, size := range []int{0, 1, 4095, 4096, 4097, 9000} {
			want(t, call(t, p, "infer", arguments{Text: big[:size]}), big[:size])
		}
		for slot, errno := range map[uint32]error{2: abi.ErrInternal, 3: abi.ErrDeadline, 4: abi.ErrNotFound, 1<<32 - 1: abi.ErrNotFound} {
			_, err := try(t, p, "infer", arguments{Slot: slot})
			want(t, fmt.Sprint(err), errno.Error())
		}
	})
}

// An answer goes straight where the plugin wants it.
func TestInferInto(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		for _, size := range []int{0, 1, 4096, 9000} {
			want(t, call(t, p, "infer-into", arguments{Text: big[:size], Size: size}), fmt.Sprintf("%d %s", size, big[:size]))
			want(t, call(t, p, "infer-into", arguments{Text: big[:size], Size: size + 3}), fmt.Sprintf("%d %s...", size, big[:size]))
			want(t, call(t, p, "infer-over", arguments{Text: big[:size]}), fmt.Sprintf("%d %s", size, big[:size]))
		}
		_, err := try(t, p, "infer-into", arguments{Text: "four", Size: 3})
		want(t, fmt.Sprint(err), abi.ErrLimit.Error())
		for slot, errno := range map[uint32]error{2: abi.ErrInternal, 3: abi.ErrDeadline, 4: abi.ErrNotFound} {
			_, err := try(t, p, "infer-into", arguments{Slot: slot, Size: 4})
			want(t, fmt.Sprint(err), errno.Error())
		}
	})
}

func TestAsset(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		want(t, call(t, p, "asset", arguments{Slot: 0}), "zero zero")
		want(t, call(t, p, "asset", arguments{Slot: 1}), "zero ")
		_, err := try(t, p, "asset", arguments{Slot: 2})
		want(t, fmt.Sprint(err), abi.ErrNotFound.Error())
	})
}

func TestProgress(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		call(t, p, "progress", arguments{})
		want(t, fmt.Sprint(p.Host.Reports()), "[{1 3} {2 3} {3 3}]")
	})
}

func TestLargeRequestAndAnswer(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		want(t, call(t, p, "garbage", arguments{Text: big, Size: 20_000}), big)
		want(t, call(t, p, "long", arguments{Text: big, Size: 10}), strings.Repeat(big, 10))
		_, err := try(t, p, "long", arguments{Text: big, Size: 110})
		want(t, fmt.Sprint(err), "the answer is longer than the ABI allows")
	})
}

func TestErrorText(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		for _, c := range []struct {
			args arguments
			want string
		}{
			{arguments{Text: "why", Size: 1}, "why"},
			{arguments{}, "error without text"},
			{arguments{Text: "€", Size: 4000}, strings.Repeat("€", abi.MaxGuestError/3)},
		} {
			_, err := try(t, p, "error", c.args)
			want(t, fmt.Sprint(err), c.want)
		}
	})
}

func TestHostileRequests(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		for _, request := range []string{"", "null", "[]", `{"tool":"word","Tool":"sign"}`, `{"tool":"word"} {}`, "\xff"} {
			var own *sdktest.Error
			if _, err := p.Raw([]byte(request)); !errors.As(err, &own) {
				t.Errorf("Raw(%q) = %v", request, err)
			}
		}
	})
}

func TestRandomBytesDiffer(t *testing.T) {
	both.Run(t, config(), func(t *testing.T, p *sdktest.Plugin) {
		if a, b := call(t, p, "random", arguments{}), call(t, p, "random", arguments{}); a == b {
			t.Errorf("two calls got the same random bytes %s", a)
		}
	})
}

// A failing is a test that takes note of its failure and goes on.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Errorf(format string, args ...any) { f.said += fmt.Sprintf(format, args...) }
func (f *failing) Fatalf(format string, args ...any) { f.said += fmt.Sprintf(format, args...) }

func TestTrapFailsTheTest(t *testing.T) {
	f := &failing{TB: t}
	p := sdktest.New(f, config(), both.Sandbox(t))
	p.Raw([]byte(`{"tool":"panic","arguments":{"text":"boom"},"call":"","principal":""}`))
	if !strings.Contains(f.said, "trap") {
		t.Errorf("a trap made the test say %q", f.said)
	}
	f.said = ""
	want(t, call(t, p, "word", arguments{}), "")
	want(t, f.said, "")
}

func TestUngrantedImportFailsTheTest(t *testing.T) {
	f := &failing{TB: t}
	c := config()
	c.Grants = abi.GrantsOf(abi.Log, abi.Audit, abi.Sign, abi.Attest)
	sdktest.New(f, c, both.Sandbox(t)).Configure(nil)
	if !strings.Contains(f.said, "infer") {
		t.Errorf("an import without grant made the test say %q", f.said)
	}
}

func TestEveryCallStartsFromTheSnapshot(t *testing.T) {
	p := sdktest.New(t, config(), both.Sandbox(t))
	for range 2 {
		want(t, call(t, p, "count", arguments{}), "1")
	}
}
