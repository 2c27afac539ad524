//go:build peers

package verifyreceipt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"bulkhead/host/receipt/receipttest"
	"bulkhead/host/strictjson"
)

// Both write the same RFC 8785 of the same values, and refuse the same ones.
func TestPeerCanonicalForm(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	docs := append(results(), "1e400", "-1e400", "9007199254740992", "-9007199254740992", "9007199254740991", "1e21", "0.1e-400", "[1,]", "01", "+1", ".5", "1.", "Infinity", `"\ud800"`, `{"\udc00\ud800":1}`, `{"a":1,"\u0061":2}`)
	for range 20000 {
		f := math.Float64frombits(random.Uint64())
		switch random.IntN(4) {
		case 0:
			f = math.Round(random.Float64()*1e6) / math.Pow10(random.IntN(12))
		case 1:
			f = random.NormFloat64() * math.Pow10(random.IntN(30)-20)
		}
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			docs = append(docs, strconv.FormatFloat(f, "eg"[random.IntN(2)], -1, 64))
		}
	}
	for range 500 {
		s := make([]rune, random.IntN(8))
		for i := range s {
			s[i] = rune(random.IntN([]int{0x80, 0x3000, 0xd800, 0x10ffff}[random.IntN(4)]))
		}
		name, err := json.Marshal(strings.ToValidUTF8(string(s), "?"))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, fmt.Sprintf(`{%s:[%s],"m":0,"\u20ac":0,"\ud83d\ude00":0,"\ufb33":0}`, name, name))
	}
	lines, err := json.Marshal(docs)
	if err != nil {
		t.Fatal(err)
	}
	const program = `import json, sys, verify
def one(text):
    try: return verify.canonical(verify.parse(text)).encode().decode()
    except (ArithmeticError, ValueError): return "no"
print(json.dumps([one(text) for text in json.load(sys.stdin)]))`
	var theirs []string
	if err := json.Unmarshal([]byte(python(t, lines, "-c", program)), &theirs); err != nil || len(theirs) != len(docs) {
		t.Fatal(len(theirs), err)
	}
	for i, doc := range docs {
		ours, err := strictjson.Canonical([]byte(doc))
		if err != nil {
			ours = []byte("no")
		}
		if theirs[i] != string(ours) {
			t.Errorf("%s is %s in Python and %s in Go (%v)", doc, theirs[i], ours, err)
		}
	}
}

// The script by itself, as its README has it.
func TestPeerScript(t *testing.T) {
	l := receipttest.New(t, "example.com/log")
	folder := t.TempDir()
	good := answer{results()[0], l.Receipt(receipttest.Entry(), params, results()[0], true)}.text(l)
	for name, text := range map[string]string{"good.json": good, "bad.json": swap(t, good, "seven", "eight")} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		args []string
		want string
		ok   bool
	}{
		{"good", []string{l.PublicFile, folder + "/good.json", "example.com/log"}, `receipt ok: "01979d3c-7c5e-7000-8000-000000000002" "alice" "label" "success"`, true},
		{"bad", []string{l.PublicFile, folder + "/bad.json", "example.com/log"}, "refused: ", false},
		{"a name that is not the key's", []string{l.PublicFile, folder + "/good.json"}, "refused: ", false},
		{"another name", []string{l.PublicFile, folder + "/good.json", "example.com/log2"}, "refused: ", false},
		{"no file", []string{l.PublicFile, folder + "/none.json"}, "refused: ", false},
		{"nothing", nil, "", false},
	} {
		out, err := exec.Command("python3", append([]string{"-B", "verify.py"}, c.args...)...).CombinedOutput()
		if (err == nil) != c.ok || !strings.HasPrefix(string(out), c.want) {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
	}
	text, err := os.ReadFile("verify.py")
	if n := bytes.Count(text, []byte("\n")); err != nil || n > 60 {
		t.Errorf("the script has %d lines (%v)", n, err)
	}
}
