//go:build peers

// Package verifyreceipt holds the test of the example: two languages judge the same receipts.
package verifyreceipt

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"bulkhead/host/gate"
	"bulkhead/host/receipt"
	"bulkhead/host/receipt/receipttest"
)

const params = `{"name":"label","arguments":{}}`

// results are what tools may answer: numbers, names and text at the edges of RFC 8785.
func results() []string {
	return []string{
		`{"_meta":{},"content":[{"type":"text","text":"seven"}]}`,
		`{"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"bulkhead","version":"1"}},"resultType":"complete","content":[],"structuredContent":{"p":[0.1,1e-7,123456.789,1e15,9007199254740991,-0.0,5e-324,0.000001,4.50,2e-10]}}`,
		`{"_meta":{},"content":[{"type":"text","text":"\u20ac é \ud83d\ude00 \u0000\u001f\b\t\n\f\r\"\\\/ <&> \u2028\u007f"}],"isError":true}`,
		`{"_meta":{},"content":[],"structuredContent":{"\ufb33":1,"\ud83d\ude00":2,"\u00f6":3,"a":{"b":[[],{},[null,true,false]]},"":0,"\r":4,"1":5,"A":6}}`,
		" {\n \"content\" : [ ] , \"_meta\" : { \"x/y\" : { \"deep\" : [ [ [ 1 ] ] ] } } }\n",
	}
}

// A judge runs verify.py on many answers in one process, and says which it believes.
const judge = `import json, sys, verify
key = verify.parse(open(sys.argv[1]).read())
for text in sys.stdin:
    try: verify.verify(key, verify.parse(json.loads(text)), *sys.argv[2:])
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as e: print("no", repr(e)[:100].replace("\n", " "))
    else: print("yes")`

func python(t *testing.T, stdin []byte, args ...string) string {
	t.Helper()
	cmd := exec.Command("python3", args...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stdin = bytes.NewReader(stdin)
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\nhint: apt-get install python3 openssl", err, errOut.String())
	}
	return string(out)
}

// inPython returns verify.py's judgement of each answer.
func inPython(t *testing.T, l *receipttest.Log, answers []string) []bool {
	t.Helper()
	var in bytes.Buffer
	for _, a := range answers {
		line, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	lines := strings.Split(strings.TrimSpace(python(t, in.Bytes(), "-c", judge, l.PublicFile)), "\n")
	if len(lines) != len(answers) {
		t.Fatalf("%d judgements of %d answers", len(lines), len(answers))
	}
	out := make([]bool, len(lines))
	for i, line := range lines {
		out[i] = line == "yes"
	}
	return out
}

// inGo returns the host's judgement of an answer.
func inGo(l *receipttest.Log, answer string) error {
	r, result, err := receipt.Read([]byte(answer))
	if err != nil {
		return err
	}
	_, err = receipt.Check(receipt.Config{Key: l.Key}, r, receipt.Claims{Result: result})
	return err
}

// An answer is an MCP result with its receipt, for tests to spoil.
type answer struct {
	result string
	gate.Proof
}

func (a answer) text(l *receipttest.Log) string { return l.WithReceipt(a.result, a.Proof) }

func TestPeerGoodReceipts(t *testing.T) {
	l := receipttest.New(t, "")
	var answers []string
	for i, result := range results() {
		for _, signed := range []bool{false, true} {
			r := l.Receipt(receipttest.Entry(), params, result, signed)
			text := answer{result, r}.text(l)
			if i%2 == 1 {
				text = `{"jsonrpc":"2.0","id":1,"result":` + text + `}`
			}
			answers = append(answers, text)
		}
	}
	for i, ok := range inPython(t, l, answers) {
		if err := inGo(l, answers[i]); err != nil || !ok {
			t.Errorf("answer %d: Go says %v, Python believes it: %v\n%s", i, err, ok, answers[i])
		}
	}
}

// swap changes one place of a text that must have it.
func swap(t *testing.T, text, old, new string) string {
	t.Helper()
	if !strings.Contains(text, old) || old == new {
		t.Fatalf("nothing to change: %.60q", old)
	}
	return strings.Replace(text, old, new, 1)
}

// flipped changes one bit of the base64 that begins a text at the given byte of what it encodes.
func flipped(t *testing.T, text, encoded string, at int) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	raw[at] ^= 0x10
	return swap(t, text, encoded, base64.StdEncoding.EncodeToString(raw))
}

func TestPeerTampering(t *testing.T) {
	l, stranger := receipttest.New(t, ""), receipttest.New(t, "")
	result := results()[1]
	l.Receipt(receipttest.Entry(), params, result, false) // so that proofs have hashes on both sides
	good := answer{result, l.Receipt(receipttest.Entry(), params, result, true)}
	later := l.Receipt(receipttest.Entry(), params, result, true)
	lines := strings.Split(good.Proof.Proof, "\n")
	blank := 0
	for lines[blank] != "" {
		blank++
	}
	root, ed := lines[blank+3], strings.Fields(lines[blank+5])[2]
	decision := receipttest.Entry()
	decision.Event, decision.Kind = gate.CallDecision, gate.KindDecision
	proofed := func(proof string) answer { a := good; a.Proof.Proof = proof; return a }
	salted := func(salt string) answer { a := good; a.Salt = salt; return a }
	entered := func(entry string) answer { a := good; a.Entry = entry; return a }
	answered := func(result string) answer { a := good; a.result = result; return a }
	tampered := map[string]answer{
		"proof: a hash":                 proofed(flipped(t, good.Proof.Proof, lines[2], 7)),
		"proof: a hash missing":         proofed(swap(t, good.Proof.Proof, lines[2]+"\n", "")),
		"proof: a hash twice":           proofed(swap(t, good.Proof.Proof, lines[2]+"\n", lines[2]+"\n"+lines[2]+"\n")),
		"proof: a long hash":            proofed(swap(t, good.Proof.Proof, lines[2], base64.StdEncoding.EncodeToString(make([]byte, 64)))),
		"proof: the index":              proofed(swap(t, good.Proof.Proof, lines[1], "index 3")),
		"proof: an index with a zero":   proofed(swap(t, good.Proof.Proof, lines[1], "index 0"+strings.TrimPrefix(lines[1], "index "))),
		"proof: an index of the beyond": proofed(swap(t, good.Proof.Proof, lines[1], "index 99999999999999999999")),
		"proof: of a later entry":       proofed(later.Proof),
		"proof: none":                   proofed(""),
		"proof: another version":        proofed(swap(t, good.Proof.Proof, "@v1", "@v2")),
		"checkpoint: the root":          proofed(flipped(t, good.Proof.Proof, root, 0)),
		"checkpoint: the size":          proofed(swap(t, good.Proof.Proof, "\n"+lines[blank+2]+"\n", "\n7\n")),
		"checkpoint: the origin":        proofed(strings.ReplaceAll(good.Proof.Proof, "press-7", "press-8")),
		"checkpoint: an extension line": proofed(swap(t, good.Proof.Proof, root+"\n", root+"\nmore\n")),
		"signature: a bit":              proofed(flipped(t, good.Proof.Proof, ed, 40)),
		"signature: its key id":         proofed(flipped(t, good.Proof.Proof, ed, 0)),
		"signature: twice":              proofed(swap(t, good.Proof.Proof, lines[blank+5]+"\n", lines[blank+5]+"\n"+lines[blank+5]+"\n")),
		"signature: none":               proofed(swap(t, good.Proof.Proof, lines[blank+5]+"\n", "")),
		"signature: short":              proofed(swap(t, good.Proof.Proof, ed, ed[:40])),
		"entry: the actor":              entered(swap(t, good.Entry, "alice", "mallo")),
		"entry: the response digest":    entered(swap(t, good.Entry, `"response":"`, `"response":"0`)),
		"entry: a space":                entered(good.Entry + " "),
		"entry: of another receipt":     entered(later.Entry),
		"entry: none":                   entered(""),
		"salt: a bit":                   salted(flipped(t, good.Salt, good.Salt, 3)),
		"salt: of another receipt":      salted(later.Salt),
		"salt: short":                   salted(good.Salt[:20]),
		"salt: stray bits":              salted(good.Salt[:21] + string(good.Salt[21]+1) + "=="),
		"response: a number":            answered(swap(t, result, "0.1", "0.10000000000000002")),
		"response: a name":              answered(swap(t, result, `"p"`, `"q"`)),
		"response: an order":            answered(swap(t, result, "0.1,1e-7", "1e-7,0.1")),
		"response: one member more":     answered(swap(t, result, `"content":[]`, `"content":[],"isError":false`)),
		"response: one member less":     answered(swap(t, result, `,"resultType":"complete"`, "")),
		"response: null for a list":     answered(swap(t, result, `"content":[]`, `"content":null`)),
		"response: a neighbour of 2^53": answered(swap(t, result, "9007199254740991", "9007199254740993")),
		"another log's receipt":         {result, stranger.Receipt(receipttest.Entry(), params, result, true)},
		"a decision's entry":            {result, l.Receipt(decision, params, result, true)},
		"an entry with a name twice":    {result, l.Raw([]byte(`{"event":"x","event":"call.result","kind":"result"}`), make([]byte, 16), false)},
	}
	var names, texts []string
	for name, a := range tampered {
		names, texts = append(names, name), append(texts, a.text(l))
	}
	text := good.text(l)
	for name, spoiled := range map[string]string{
		"JSON: a name twice":          swap(t, text, `"content":[]`, `"content":[],"content":[]`),
		"JSON: another receipt first": swap(t, text, `"bulkhead/receipt":`, `"bulkhead/receipt":{},"bulkhead/receipt":`),
		"JSON: data behind":           text + "{}",
		"JSON: cut":                   text[:len(text)-1],
		"JSON: NaN":                   swap(t, text, "0.1,", "NaN,"),
		"JSON: a lone surrogate":      swap(t, text, `"version":"1"`, `"version":"\ud800"`),
		"JSON: a result beside":       `{"jsonrpc":"2.0","id":1,"result":` + text + `,"content":[]}`,
		"JSON: half a message":        `{"id":1,"result":` + text + `}`,
		"JSON: another JSON-RPC":      `{"jsonrpc":"1.0","id":1,"result":` + text + `}`,
		"JSON: a nameless wrapping":   `{"result":` + text + `}`,
		"JSON: no receipt":            result,
		"JSON: a receipt somewhere":   swap(t, text, "bulkhead/receipt", "bulkhead/receipt2"),
	} {
		names, texts = append(names, name), append(texts, spoiled)
	}
	texts = append(texts, text)
	names = append(names, "")
	for i, believed := range inPython(t, l, texts) {
		err := inGo(l, texts[i])
		if names[i] == "" && (err != nil || !believed) {
			t.Errorf("the untouched one: Go says %v, Python believes it: %v", err, believed)
		}
		if names[i] != "" && (err == nil || believed) {
			t.Errorf("%s: Go says %v, Python believes it: %v", names[i], err, believed)
		}
	}
	for i, believed := range inPython(t, stranger, []string{text}) {
		if believed || inGo(stranger, text) == nil {
			t.Errorf("another key: %d", i)
		}
	}
}

// Wherever one byte changes, Python believes no more than Go, but for the line that it does not know; and never less.
func TestPeerRandomBytes(t *testing.T) {
	l := receipttest.New(t, "")
	good := answer{results()[2], l.Receipt(receipttest.Entry(), params, results()[2], false)}
	text := good.text(l)
	composite := strings.LastIndex(text, "— ")
	end := composite + strings.Index(text[composite:], `\n`)
	random := rand.New(rand.NewPCG(1, 2))
	var texts []string
	var inLine []bool
	for range 600 {
		at := random.IntN(len(text))
		bad := []byte(text)
		bad[at] ^= 1 << random.IntN(7)
		texts, inLine = append(texts, string(bad)), append(inLine, at >= composite && at < end)
	}
	for i, believed := range inPython(t, l, texts) {
		if err := inGo(l, texts[i]); (err == nil) != believed && !(inLine[i] && believed) {
			t.Errorf("Go says %v, Python believes it: %v\n%s", err, believed, texts[i])
		}
	}
}
