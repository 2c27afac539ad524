package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/both"
)

// A fakeModel keeps what it was asked and says what it is told to.
type fakeModel struct {
	asked  []byte
	answer []byte
}

func (m *fakeModel) infer(in []byte) ([]byte, error) {
	m.asked = in
	return m.answer, nil
}

func probabilities(digit int, confidence float32) []byte {
	var p [classes]float32
	p[(digit+1)%classes] = 1 - confidence
	p[digit] = confidence
	var out []byte
	for _, v := range p {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

const call = "01990000-0000-7000-8000-000000000001"

func run(t *testing.T, f func(t *testing.T, p *sdktest.Plugin, m *fakeModel)) {
	m := &fakeModel{}
	c := sdktest.Config{
		Grants: abi.RoleTool.Allowed(),
		Keys:   1,
		Models: []func([]byte) ([]byte, error){m.infer},
	}
	both.Run(t, c, func(t *testing.T, p *sdktest.Plugin) {
		m.asked, m.answer = nil, probabilities(7, 0.99961)
		f(t, p, m)
	})
}

func ask(p *sdktest.Plugin, arguments string) (abi.ToolAnswer, error) {
	return p.Tool(abi.ToolRequest{Tool: "label", Arguments: json.RawMessage(arguments), Call: call, Principal: "alice"})
}

// good asks and expects a label.
func good(t *testing.T, p *sdktest.Plugin, arguments string) structured {
	t.Helper()
	a, err := ask(p, arguments)
	if err != nil || a.Failed {
		t.Fatalf("got %+v, %v", a, err)
	}
	var s structured
	if err := json.Unmarshal(a.Structured, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func complains(t *testing.T, p *sdktest.Plugin, name, arguments, about string) {
	t.Helper()
	a, err := ask(p, arguments)
	if err != nil || !a.Failed || a.Structured != nil || len(a.Content) != 1 || !strings.Contains(a.Content[0].Text, about) {
		t.Errorf("%s: got %+v, %v; want a complaint about %q", name, a, err, about)
	}
}

func TestLabel(t *testing.T) {
	files, want := goodFiles(t), tensor(seven(t))
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		for _, c := range files {
			s := good(t, p, argumentsFor(c.file, ""))
			if s.Digit != 7 || s.Confidence != 0.9996 || s.Evidence != nil {
				t.Errorf("%s: got %+v", c.name, s)
			}
			if !bytes.Equal(m.asked, want) {
				t.Errorf("%s: the model was asked about another picture", c.name)
			}
			if !p.Host.Verify(0, []byte(s.Report), s.Signature) {
				t.Errorf("%s: the signature is not the report's", c.name)
			}
			checkReport(t, c, s.Report)
			checkAudit(t, c, p.Host.Audits())
		}
	})
}

func digestOf(file []byte) string {
	sum := sha256.Sum256(file)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func checkReport(t *testing.T, c fileCase, report string) {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(report), &members); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"call": call, "confidence": 0.9996, "digit": 7.0, "image": digestOf(c.file),
		"inverted": strings.Contains(c.name, "dark on light"), "type": "urn:bulkhead:inspection:v1",
	}
	if !reflect.DeepEqual(members, want) {
		t.Errorf("%s: the report is %v, want %v", c.name, members, want)
	}
	if sorted, err := json.Marshal(members); err != nil || string(sorted) != report {
		t.Errorf("%s: the report is %s, in canonical form %s", c.name, report, sorted)
	}
}

func checkAudit(t *testing.T, c fileCase, audits []json.RawMessage) {
	t.Helper()
	want := `{"image":"` + digestOf(c.file) + `","digit":7,"confidence":0.9996,"sure":true}`
	if len(audits) == 0 || string(audits[len(audits)-1]) != want {
		t.Errorf("%s: audited %s, want %s", c.name, audits, want)
	}
}

func TestBadFiles(t *testing.T) {
	files := badFiles(t)
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		for _, c := range files {
			complains(t, p, c.name, argumentsFor(c.file, ""), c.complaint)
		}
		if m.asked != nil || p.Host.Audits() != nil {
			t.Error("a bad file reached the model or the log")
		}
	})
}

func TestArguments(t *testing.T) {
	file := example(t, "seven.png")
	encoded := base64.StdEncoding.EncodeToString(file)
	nonce := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	cases := []struct{ name, arguments, complaint string }{
		{"line end in image", `{"image":"` + encoded[:4] + `\n` + encoded[4:] + `"}`, "not base64"},
		{"no padding", `{"image":"AAA"}`, "not base64"},
		{"stray bits", `{"image":"AAB="}`, "not base64"},
		{"base64url", `{"image":"-_-_"}`, "not base64"},
		{"data URL", `{"image":"data:image/png;base64,` + encoded + `"}`, "not base64"},
		{"too large", `{"image":"` + base64.StdEncoding.EncodeToString(make([]byte, maxFile+1)) + `"}`, "64 KiB"},
		{"far too large", `{"image":"` + strings.Repeat("A", 1<<20) + `"}`, "64 KiB"},
		{"large", `{"image":"` + base64.StdEncoding.EncodeToString(make([]byte, maxFile)) + `"}`, "neither"},
		{"no image", `{}`, "neither"},
		{"unknown member", argumentsFor(file, `,"model":"x"`), "The arguments"},
		{"image a number", `{"image":1}`, "The arguments"},
		{"short nonce", argumentsFor(file, `,"attest":true,"nonce":"`+nonce(15)+`"`), "16 to 32"},
		{"long nonce", argumentsFor(file, `,"attest":true,"nonce":"`+nonce(33)+`"`), "16 to 32"},
		{"nonce of no base64", argumentsFor(file, `,"attest":true,"nonce":"0123456789abcdef0123456789abcdef!"`), "16 to 32"},
		{"nonce for nothing", argumentsFor(file, `,"nonce":"`+nonce(16)+`"`), "not asked for"},
	}
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		for _, c := range cases {
			complains(t, p, c.name, c.arguments, c.complaint)
		}
	})
}

// The evidence is over the caller's nonce and the very report that is signed.
func TestAttest(t *testing.T) {
	file := example(t, "zero.pgm")
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		for _, nonce := range []string{"", "0123456789abcdef", "0123456789abcdef0123456789abcdef"} {
			more := `,"attest":true`
			if nonce != "" {
				more += `,"nonce":"` + base64.StdEncoding.EncodeToString([]byte(nonce)) + `"`
			}
			s := good(t, p, argumentsFor(file, more))
			digest := sha256.Sum256([]byte(s.Report))
			if want := p.Host.Evidence(append([]byte(nonce), digest[:]...)); !bytes.Equal(s.Evidence, want) {
				t.Errorf("nonce %q: got the evidence %s, want %s", nonce, s.Evidence, want)
			}
		}
	})
}

// Below the threshold there is an entry in the log, and neither a digit nor a signature.
func TestNotSure(t *testing.T) {
	file := example(t, "three.png")
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		p.Host.Fail(abi.Sign, errors.New("nothing is to be signed"))
		m.answer = probabilities(3, 0.79)
		complains(t, p, "unsure", argumentsFor(file, ""), "Not sure: most likely a 3, but only with 79.0 %")
		want := `{"image":"` + digestOf(file) + `","digit":3,"confidence":0.79,"sure":false}`
		if audits := p.Host.Audits(); len(audits) != 1 || string(audits[0]) != want {
			t.Errorf("audited %s, want %s", audits, want)
		}
		if lines := p.Host.Lines(); len(lines) != 1 || !strings.Contains(lines[0].Text, call) {
			t.Errorf("logged %v, want one line with the call", lines)
		}
	})
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		if err := p.Configure(`{"threshold":0.5}`); err != nil {
			t.Fatal(err)
		}
		m.answer = probabilities(3, 0.79)
		if s := good(t, p, argumentsFor(file, "")); s.Digit != 3 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestModelNonsense(t *testing.T) {
	file := example(t, "seven.png")
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		for name, out := range map[string][]byte{
			"nothing": {}, "too little": probabilities(7, 1)[1:], "too much": append(probabilities(7, 1), 0),
			"NaN": probabilities(7, float32(math.NaN())), "more than certain": probabilities(7, 1.5),
		} {
			m.answer = out
			if a, err := ask(p, argumentsFor(file, "")); err == nil || !strings.Contains(err.Error(), "the model answered") {
				t.Errorf("%s: got %+v, %v", name, a, err)
			}
		}
		if p.Host.Audits() != nil {
			t.Error("nonsense reached the log")
		}
	})
}

// Whatever the host refuses, nothing that comes after it is done, and the client learns what it can act on.
func TestCapabilityRefused(t *testing.T) {
	arguments := argumentsFor(example(t, "seven.png"), `,"attest":true`)
	texts := map[error]string{
		abi.ErrDenied: "does not let this tool ", abi.ErrUnavailable: "at present", abi.ErrLimit: "Try again later", abi.ErrDeadline: "in time",
	}
	what := map[abi.Capability]string{abi.Infer: "read digits", abi.Audit: "write to the log", abi.Sign: "sign reports", abi.Attest: "attest"}
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		for c, doing := range what {
			for err, text := range texts {
				p.Host.Fail(c, err)
				complains(t, p, c.String(), arguments, doing)
				complains(t, p, c.String(), arguments, text)
			}
			p.Host.Fail(c, abi.ErrInternal)
			if a, err := ask(p, arguments); err == nil || a.Content != nil {
				t.Errorf("%v: got %+v, %v; want the plugin's error", c, a, err)
			}
			p.Host.Fail(c, nil)
		}
		before := len(p.Host.Audits())
		p.Host.Fail(abi.Infer, abi.ErrDenied)
		complains(t, p, "infer", arguments, "read digits")
		if len(p.Host.Audits()) != before {
			t.Error("a reading that was none is in the log")
		}
	})
}

func TestConfigure(t *testing.T) {
	for config, refusal := range map[string]string{
		`{}`: "", `{"threshold":0}`: "", `{"threshold":1}`: "",
		`{"threshold":1.01}`: "threshold", `{"threshold":-0.1}`: "threshold", `{"threshold":"0.8"}`: "decoding",
		`{"treshold":0.8}`: "unknown name", `{"Threshold":0.8}`: "unknown name",
	} {
		_, err := configure([]byte(config))
		if refusal == "" && err != nil || refusal != "" && (err == nil || !strings.Contains(err.Error(), refusal)) {
			t.Errorf("%s: got %v, want an error about %q", config, err, refusal)
		}
	}
}

func TestOtherTool(t *testing.T) {
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		if a, err := p.Tool(abi.ToolRequest{Tool: "Label", Arguments: json.RawMessage(`{}`)}); err == nil {
			t.Errorf("got %+v, want an error", a)
		}
	})
}

// The files that the host runs as self-tests at load.
func TestSelfTests(t *testing.T) {
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		for _, name := range []string{"nothing", "bomb"} {
			a, err := ask(p, string(readFile(t, name+".json")))
			if err != nil {
				t.Fatal(err)
			}
			var want abi.ToolAnswer
			if err := json.Unmarshal(readFile(t, name+".out.json"), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(a, want) {
				t.Errorf("%s: got %+v, want %+v", name, a, want)
			}
		}
	})
}

func readFile(t *testing.T, name string) []byte {
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
