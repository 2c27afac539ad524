package receipt_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/host/receipt"
	"bulkhead/host/receipt/receipttest"
)

const (
	params = `{"name":"label","arguments":{"image":"AAAA","n":1e2}}`
	result = `{"_meta":{},"content":[{"type":"text","text":"sieben é\u2028 <&>"}],"structuredContent":{"p":0.1,"n":100,"e":1E-7},"isError":false}`
)

func check(l *receipttest.Log, r gate.Proof, claims receipt.Claims) (*receipt.Report, error) {
	return receipt.Check(receipt.Config{Key: l.Key}, r, claims)
}

func TestCheck(t *testing.T) {
	l := receipttest.New(t, "")
	for _, signed := range []bool{false, true} {
		r := l.Receipt(receipttest.Entry(), params, result, signed)
		got, err := check(l, r, receipt.Claims{Result: []byte(result), Params: []byte(params)})
		if err != nil {
			t.Fatal(err)
		}
		if !got.Request || !got.Response || got.Signed != signed || got.Entry.Actor != "alice" || got.Entry.Fuel != 56789 || len(got.Hash) != 64 || got.Head.Size != got.Index+2 {
			t.Errorf("%+v", got)
		}
		if got, err := check(l, r, receipt.Claims{}); err != nil || got.Request || got.Response {
			t.Errorf("without claims: %+v, %v", got, err)
		}
	}
}

// The digests are over what the JSON means, not how it is written.
func TestCheckTakesEverySpelling(t *testing.T) {
	l := receipttest.New(t, "")
	r := l.Receipt(receipttest.Entry(), params, result, false)
	other := `{ "isError":false, "structuredContent":{"e":0.0000001,"n":1e2,"p":1e-1},"content":[{"text":"sieben \u00e9\u2028 \u003c&>","type":"text"}],"_meta":{}}`
	if _, err := check(l, r, receipt.Claims{Result: []byte(other), Params: []byte(`{"arguments":{"n":100,"image":"AAAA"},"name":"label"}`)}); err != nil {
		t.Error(err)
	}
}

func TestCheckRefuses(t *testing.T) {
	l, other := receipttest.New(t, ""), receipttest.New(t, "")
	good := l.Receipt(receipttest.Entry(), params, result, true)
	second := l.Receipt(receipttest.Entry(), params, strings.Replace(result, "100", "101", 1), true)
	raw := func(change func(e *gate.Entry)) gate.Proof {
		e := receipttest.Entry()
		change(&e)
		return l.Receipt(e, params, result, false)
	}
	body, err := json.Marshal(receipttest.Entry())
	if err != nil {
		t.Fatal(err)
	}
	salt := make([]byte, 16)
	foreign := other.Raw(body, salt, true)
	foreignSig := foreign.Entry[len(body)-1:]
	for _, c := range []struct {
		name   string
		r      gate.Proof
		result string
		params string
		want   string
	}{
		{"another result", good, strings.Replace(result, "0.1", "0.2", 1), params, "another response"},
		{"a result without its metadata", good, strings.Replace(result, `"_meta":{},`, "", 1), params, "another response"},
		{"other params", good, result, strings.Replace(params, "AAAA", "AAAB", 1), "another request"},
		{"params for result", good, params, params, "another response"},
		{"a result that is no JSON", good, result + "x", params, "reading the response"},
		{"a result with a name twice", good, `{"a":1,"a":1}`, params, "reading the response"},
		{"a number that is no double", good, `{"a":9007199254740993}`, params, "reading the response"},
		{"an entry with another actor", gate.Proof{Entry: strings.Replace(good.Entry, "alice", "mallo", 1), Salt: good.Salt, Proof: good.Proof}, result, params, "not in the log"},
		{"an entry in another spelling", gate.Proof{Entry: " " + good.Entry, Salt: good.Salt, Proof: good.Proof}, result, params, "not in the log"},
		{"another entry's proof", gate.Proof{Entry: good.Entry, Salt: good.Salt, Proof: second.Proof}, result, params, "not in the log"},
		{"another entry", gate.Proof{Entry: second.Entry, Salt: second.Salt, Proof: second.Proof}, result, params, "another response"},
		{"another salt", gate.Proof{Entry: good.Entry, Salt: second.Salt, Proof: good.Proof}, result, params, "another request"},
		{"short salt", gate.Proof{Entry: good.Entry, Salt: "AAAA", Proof: good.Proof}, result, params, "salt"},
		{"salt with stray bits", gate.Proof{Entry: good.Entry, Salt: base64.StdEncoding.EncodeToString(make([]byte, 16))[:21] + "B==", Proof: good.Proof}, result, params, "salt"},
		{"no salt", gate.Proof{Entry: good.Entry, Proof: good.Proof}, result, params, "salt"},
		{"no proof", gate.Proof{Entry: good.Entry, Salt: good.Salt}, result, params, "a proof begins"},
		{"no entry", gate.Proof{Salt: good.Salt, Proof: good.Proof}, result, params, "not in the log"},
		{"another log's receipt", foreign, result, params, "not its key's own"},
		{"a decision", raw(func(e *gate.Entry) { e.Event, e.Kind = gate.CallDecision, gate.KindDecision }), result, params, "a receipt is about"},
		{"a use of a capability", raw(func(e *gate.Entry) { e.Event = gate.CapabilityAudit }), result, params, "a receipt is about"},
		{"another kind under that event", raw(func(e *gate.Entry) { e.Kind = gate.KindHost }), result, params, "a receipt is about"},
		{"no event", raw(func(e *gate.Entry) { e.Event = "" }), result, params, "a receipt is about"},
		{"an entry with a member twice", l.Raw([]byte(`{"event":"call.result","kind":"result","kind":"result"}`), salt, false), result, params, "reading the entry"},
		{"an entry with an unknown member", l.Raw([]byte(`{"event":"call.result","kind":"result","x":1}`), salt, false), result, params, "reading the entry"},
		{"an entry that is no JSON", l.Raw([]byte(`before`), salt, false), result, params, "reading the entry"},
		{"an entry without digests", l.Raw(body, salt, false), result, params, "another request"},
		{"the entry's signature by another key", l.Raw([]byte(strings.TrimSuffix(string(body), "}")+foreignSig), salt, false), result, params, "own signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := check(l, c.r, receipt.Claims{Result: []byte(c.result), Params: []byte(c.params)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v, %v, want %q", got, err, c.want)
			}
		})
	}
}

// A key vouches for the names that are made of it; for any other its user must.
func TestOrigin(t *testing.T) {
	for _, c := range []struct {
		name, of, given string
		ok              bool
	}{
		{"its own", "", "", true},
		{"its own, given", "", "own", true},
		{"another, given", "", "example.com/log", false},
		{"chosen", "example.com/log", "", false},
		{"chosen, given", "example.com/log", "example.com/log", true},
		{"chosen, another given", "example.com/log", "example.com/log2", false},
		{"like its own", "bulkhead/press-7/0123456789abcdef", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := receipttest.New(t, c.of)
			if c.given == "own" {
				c.given = l.Signer.Origin()
			}
			r := l.Receipt(receipttest.Entry(), params, result, false)
			_, err := receipt.Check(receipt.Config{Key: l.Key, Origin: c.given}, r, receipt.Claims{})
			if (err == nil) != c.ok || !c.ok && c.given == "" && !errors.Is(err, receipt.ErrOrigin) {
				t.Error(err)
			}
		})
	}
}

// Another key under the origin of the first proves nothing.
func TestAnotherKey(t *testing.T) {
	l, other := receipttest.New(t, "example.com/log"), receipttest.New(t, "example.com/log")
	r := l.Receipt(receipttest.Entry(), params, result, false)
	for _, key := range []*keys.AuditPublic{other.Key} {
		if _, err := receipt.Check(receipt.Config{Key: key, Origin: "example.com/log"}, r, receipt.Claims{}); err == nil || !strings.Contains(err.Error(), "not signed by the key") {
			t.Error(err)
		}
	}
}

func TestRead(t *testing.T) {
	l := receipttest.New(t, "")
	r := l.Receipt(receipttest.Entry(), params, result, false)
	bare, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	with := l.WithReceipt(result, r)
	for name, text := range map[string]string{
		"alone": string(bare), "result": with, "response": `{"jsonrpc":"2.0","id":7,"result":` + with + `}`, "response with spaces": "\n{ \"jsonrpc\" : \"2.0\", \"result\" :" + with + "}\n",
	} {
		got, res, err := receipt.Read([]byte(text))
		if err != nil || got != r || (res == nil) != (name == "alone") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := check(l, got, receipt.Claims{Result: res}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"plain": result, "with": with, "response": `{"jsonrpc":"2.0","id":"x","result":` + with + `}`,
	} {
		res, err := receipt.ReadResult([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := check(l, r, receipt.Claims{Result: res}); err != nil {
			t.Errorf("result %s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"plain": params, "request": `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":` + params + `}`,
	} {
		p, err := receipt.ReadParams([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := check(l, r, receipt.Claims{Params: p}); err != nil {
			t.Errorf("params %s: %v", name, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	l := receipttest.New(t, "")
	r := l.Receipt(receipttest.Entry(), params, result, false)
	with := l.WithReceipt(result, r)
	for name, text := range map[string]string{
		"nothing": "", "no object": "[]", "null": "null", "no receipt": result, "empty": "{}",
		"two documents": with + with, "a name twice": `{"_meta":{},` + with[1:],
		"metadata is null": `{"_meta":null}`, "metadata is no object": `{"_meta":[]}`, "receipt is null": `{"_meta":{"bulkhead/receipt":null}}`,
		"receipt with another member": `{"entry":"","salt":"","proof":"","extra":1}`,
		"receipt of another case":     `{"Entry":"","salt":"","proof":""}`,
		"another JSON-RPC":            `{"jsonrpc":"1.0","result":` + with + `}`,
		"an error":                    `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}`,
		"a result beside the result":  `{"jsonrpc":"2.0","id":1,"result":` + with + `,"content":[]}`,
		"a method beside the result":  `{"jsonrpc":"2.0","id":1,"result":` + with + `,"method":"x"}`,
		"deep":                        strings.Repeat("[", 100) + strings.Repeat("]", 100),
		"no UTF-8":                    "{\"\xff\":1}",
		"lone surrogate":              `{"\ud800":1}`,
		"large":                       `{"a":"` + strings.Repeat("x", receipt.MaxFile) + `"}`, "large by spaces": with + strings.Repeat(" ", receipt.MaxFile),
	} {
		if got, _, err := receipt.Read([]byte(text)); err == nil {
			t.Errorf("%s: read %+v", name, got)
		}
	}
	if _, err := receipt.ReadParams([]byte(`{"jsonrpc":"2.0","id":1,"params":{},"result":{}}`)); err == nil {
		t.Error("read params beside a result")
	}
	if _, err := receipt.ReadParams([]byte(`{"jsonrpc":"2.0","id":1,"method":"x"}`)); err == nil {
		t.Error("read params where there are none")
	}
}

// Reading never panics, and what it finds is what was there.
func FuzzRead(f *testing.F) {
	l := receipttest.New(f, "")
	r := l.Receipt(receipttest.Entry(), params, result, false)
	f.Add([]byte(l.WithReceipt(result, r)))
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"result":{"_meta":{"bulkhead/receipt":{"entry":"","salt":"","proof":""}}}}`))
	f.Add([]byte(`{"entry":"a","salt":"b","proof":"c"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, result, err := receipt.Read(data)
		if err != nil {
			return
		}
		if again, err := receipt.ReadResult(data); result != nil && (err != nil || string(again) != string(result)) {
			t.Errorf("%q, then %q, %v", result, again, err)
		}
		if _, err := check(l, got, receipt.Claims{Result: result}); err == nil && got.Entry != r.Entry {
			t.Errorf("believed %+v", got)
		}
	})
}
