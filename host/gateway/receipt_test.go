package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

// receiptOf takes the receipt out of an answer, and returns the result as it is without.
func receiptOf(t *testing.T, a answer) (gate.Proof, json.RawMessage) {
	t.Helper()
	body := a.raw[strings.LastIndex(a.raw, "{\"jsonrpc\""):]
	var m struct{ Result map[string]json.RawMessage }
	var meta map[string]json.RawMessage
	var p gate.Proof
	if err := errors.Join(json.Unmarshal([]byte(body), &m), json.Unmarshal(m.Result["_meta"], &meta)); err != nil {
		t.Fatalf("%v: %v", err, a)
	}
	if err := strictjson.Decode(meta[ReceiptKey], &p); err != nil {
		t.Fatalf("%v: %v", err, a)
	}
	delete(meta, ReceiptKey)
	var err error
	if m.Result["_meta"], err = json.Marshal(meta); err != nil {
		t.Fatal(err)
	}
	rest, err := json.Marshal(m.Result)
	if err != nil {
		t.Fatal(err)
	}
	return p, rest
}

func salted(t *testing.T, p gate.Proof, data json.RawMessage) string {
	t.Helper()
	salt, err1 := base64.StdEncoding.DecodeString(p.Salt)
	canonical, err2 := strictjson.Canonical(data)
	if err := errors.Join(err1, err2); err != nil || len(salt) != 16 {
		t.Fatalf("salt %q: %v", p.Salt, err)
	}
	sum := sha256.Sum256(append(salt, canonical...))
	return hex.EncodeToString(sum[:])
}

// In every generation the receipt speaks of this request and of the result without it, and its entry is the log's, byte
// for byte.
func TestReceiptOfAnAnswer(t *testing.T) {
	const said = `\"é\u2028<b>&\\\u0001`
	for _, generation := range []string{"modern", "legacy"} {
		t.Run(generation, func(t *testing.T) {
			w := serve(t, func(w *world, _ *Config) {
				w.policy = func(abi.PolicyRequest) abi.PolicyAnswer {
					return abi.PolicyAnswer{Decision: abi.Allow, Reason: "<b>&\u2028\u202e\"\\"}
				}
			})
			params := `{"name":"echo","arguments":{"t":"` + said + `"}}`
			var a answer
			if generation == "modern" {
				params = strings.Replace(params, "}}", "},"+metaBody+"}", 1)
				a = w.post(t, `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":`+params+`}`, modern("tools/call", "echo"))
			} else {
				a = w.post(t, `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":`+params+`}`, with("Mcp-Session-Id", w.begin(t)))
			}
			p, rest := receiptOf(t, a)
			w.mu.Lock()
			logged, err := json.Marshal(w.entries[len(w.entries)-1])
			w.mu.Unlock()
			if err != nil || p.Entry != string(logged) || p.Proof != fakeProof {
				t.Errorf("the receipt is %+v, the entry %s", p, logged)
			}
			var e gate.Entry
			if err := strictjson.Decode([]byte(p.Entry), &e); err != nil {
				t.Fatal(err)
			}
			if e.Request != salted(t, p, json.RawMessage(params)) {
				t.Error("the receipt speaks of another request")
			}
			if e.Response != salted(t, p, rest) {
				t.Errorf("the receipt speaks of another response than %s", rest)
			}
			changed := json.RawMessage(strings.Replace(string(rest), "alice", "bob", 1))
			if e.Response == salted(t, p, changed) {
				t.Error("and of a changed one")
			}
		})
	}
}

func TestWhoGetsAReceipt(t *testing.T) {
	broken := text("broken", "")
	broken.Invoke = invoke(&abi.ToolAnswer{Content: []abi.Content{}, Failed: true}, nil)
	for _, tt := range []struct {
		name    string
		change  func(*world)
		do      func(*world) answer
		receipt bool
		code    int
	}{
		{"an answer", nil, func(w *world) answer { return w.call(t, "echo", `{"t":"planted"}`) }, true, 0},
		{"an answer that says it failed", nil, func(w *world) answer { return w.call(t, "broken", `{}`) }, true, 0},
		{"invalid arguments", nil, func(w *world) answer { return w.call(t, "echo", `{}`) }, false, 0},
		{"an unknown tool", nil, func(w *world) answer { return w.call(t, "nosuch", `{}`) }, false, -32602},
		{"denied", func(w *world) { w.policy = denyAction("tools/call") }, func(w *world) answer { return w.call(t, "echo", `{"t":"planted"}`) }, false, CodeDenied},
		{"a log that gives none", func(w *world) { w.prover = nil }, func(w *world) answer { return w.call(t, "echo", `{"t":"planted"}`) }, false, 0},
		{"a list", nil, func(w *world) answer {
			return w.post(t, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{`+metaBody+`}}`, modern("tools/list", ""))
		}, false, 0},
		{"a proof that fails", func(w *world) {
			w.prover = func(e string) gate.Prover { return fakeProver{e, errors.New("planted cause")} }
		},
			func(w *world) answer { return w.call(t, "echo", `{"t":"planted"}`) }, false, CodeUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := serve(t, func(_ *world, c *Config) { c.Tools = append(c.Tools, broken) })
			if tt.change != nil {
				tt.change(w)
			}
			a := tt.do(w)
			if got := strings.Contains(a.raw, "bulkhead/receipt"); got != tt.receipt || a.code != tt.code {
				t.Errorf("%v", a)
			}
			if a.code != 0 && strings.Contains(a.raw, "planted") {
				t.Errorf("the answer was not withheld: %v", a)
			}
		})
	}
}

func TestAReceiptNeedsItsPlace(t *testing.T) {
	for _, framed := range []string{``, `{}`, `{"_meta":{`, `{"content":[],"_meta":{}}`, `{"_meta":7}`} {
		if out, err := withReceipt(json.RawMessage(framed), &gate.Proof{}); err == nil {
			t.Errorf("%s became %s", framed, out)
		}
	}
	for framed, want := range map[string]string{
		`{"_meta":{}}`:              `{"_meta":{"bulkhead/receipt":{"entry":"{\"a\":\"<\"}","salt":"s","proof":"p\n"}}}`,
		`{"_meta":{"x":1},"c":1.0}`: `{"_meta":{"bulkhead/receipt":{"entry":"{\"a\":\"<\"}","salt":"s","proof":"p\n"},"x":1},"c":1.0}`,
	} {
		if out, err := withReceipt(json.RawMessage(framed), &gate.Proof{Entry: `{"a":"<"}`, Salt: "s", Proof: "p\n"}); err != nil || string(out) != want {
			t.Errorf("%s, %v", out, err)
		}
	}
}

// largeReceipt has the size of a real one, with a proof of twenty hashes and a composite signature.
func largeReceipt() (json.RawMessage, *gate.Proof) {
	hash := strings.Repeat("h", 44) + "\n"
	entry, _ := json.Marshal(gate.Entry{Actor: "alice", Action: "tools/call", Plugins: make([]gate.PluginRef, 5), Verdict: &gate.Verdict{Outcome: "allow"}})
	p := &gate.Proof{Entry: string(entry), Salt: strings.Repeat("s", 24), Proof: "c2sp.org/tlog-proof@v1\n" + strings.Repeat(hash, 22) + strings.Repeat("x", 4600)}
	framed, _ := json.Marshal(map[string]any{"_meta": map[string]any{}, "content": []string{strings.Repeat("a", 200)}})
	return framed, p
}

func TestAddingAReceiptCopiesOnce(t *testing.T) {
	framed, p := largeReceipt()
	n := testing.AllocsPerRun(100, func() {
		if _, err := withReceipt(framed, p); err != nil {
			t.Error(err)
		}
	})
	if n > 12 { // two or three, and more where the race detector empties pools
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkWithReceipt(b *testing.B) {
	framed, p := largeReceipt()
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		out, err := withReceipt(framed, p)
		if err != nil {
			b.Fatal(err)
		}
		size = len(out)
	}
	b.ReportMetric(float64(size), "bytes/result")
}
