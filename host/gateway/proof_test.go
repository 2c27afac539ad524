package gateway

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit"
	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
)

// realLog is the log of a host, in a folder of the test's.
func realLog(t testing.TB) (*audit.Log, *checkpoint.Verifier) {
	t.Helper()
	dir := t.TempDir()
	if _, err := keys.Create(dir, "audit", keys.Audit, true); err != nil {
		t.Fatal(err)
	}
	key, err := keys.ReadAudit(filepath.Join(dir, "audit"+keys.PrivateSuffix))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := checkpoint.NewSigner(checkpoint.Origin("test", key.Public()), key)
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(audit.Config{Dir: filepath.Join(dir, audit.FolderName), Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log, signer.Verifier()
}

// A client that has a receipt and the log's key needs nobody else, and sees every change to the entry: the caller's own
// trace in it too, so that nobody can put a call into another's trace afterwards.
func TestAReceiptProvesItsEntry(t *testing.T) {
	log, verifier := realLog(t)
	w := serve(t, func(w *world, _ *Config) { w.log = log })
	a := w.call(t, "echo", `{"t":"x"}`, with("Traceparent", parentOf("a")))
	p, _ := receiptOf(t, a)
	proof, err := checkpoint.ParseProof([]byte(p.Proof))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier.Check(proof, []byte(p.Entry)); err != nil {
		t.Fatal(err)
	}
	var entry map[string]json.RawMessage
	if err := json.Unmarshal([]byte(p.Entry), &entry); err != nil || len(entry) < 15 {
		t.Fatalf("%v: %s", err, p.Entry)
	}
	for member, value := range entry {
		changed := change(string(value))
		if strings.Count(p.Entry, string(value)) == 0 || changed == string(value) {
			t.Fatalf("%s of %s was not changed", member, p.Entry)
		}
		forged := strings.Replace(p.Entry, `"`+member+`":`+string(value), `"`+member+`":`+changed, 1)
		if _, err := verifier.Check(proof, []byte(forged)); err == nil {
			t.Errorf("%s may be %s instead of %s", member, changed, value)
		}
	}
	if !strings.Contains(string(entry["trace_id"]), strings.Repeat("a", 32)) || !strings.Contains(string(entry["parent_id"]), strings.Repeat("a", 16)) {
		t.Errorf("the caller's trace is not in %s", p.Entry)
	}
}

// What is served verifies, tile by tile, and says that it has been read.
func TestAReaderVerifiesTheLog(t *testing.T) {
	log, verifier := realLog(t)
	w := serve(t, func(w *world, c *Config) { w.log, c.Audit = log, log })
	note := w.read(t, "GET", "/audit/checkpoint")
	for range 100 { // the first comes when the log is a second old
		if note.status == 200 {
			break
		}
		time.Sleep(50 * time.Millisecond)
		note = w.read(t, "GET", "/audit/checkpoint")
	}
	head, err := verifier.Open([]byte(note.raw))
	if err != nil || head.Size == 0 || head.Size > 255 {
		t.Fatalf("%v: %v", err, note)
	}
	hashes := w.read(t, "GET", fmt.Sprintf("/audit/tile/0/000.p/%d", head.Size))
	bundle := w.read(t, "GET", fmt.Sprintf("/audit/tile/entries/000.p/%d", head.Size))
	var full tree.Tree
	rest := []byte(bundle.raw)
	for i := range int(head.Size) {
		size := int(binary.BigEndian.Uint16(rest))
		leaf := tlog.RecordHash(rest[2 : 2+size])
		rest = rest[2+size:]
		if string(leaf[:]) != hashes.raw[32*i:32*i+32] {
			t.Fatalf("entry %d has another hash than the tile says", i)
		}
		if _, _, err := full.Append(leaf, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(rest) != 0 || full.Root() != head.Root {
		t.Errorf("the entries do not make the root of the checkpoint")
	}
	if a := w.read(t, "GET", fmt.Sprintf("/audit/tile/0/000.p/%d", 255)); a.status != 404 {
		t.Errorf("a tile of a longer log: %v", a)
	}
	if !strings.Contains(bundle.raw, `"action":"audit/read"`) {
		t.Error("reading is not recorded")
	}
}

// change turns one digit, of a number or of hex, into another.
func change(value string) string {
	for at, c := range value {
		if c >= '0' && c < '9' || c >= 'a' && c < 'f' {
			return value[:at] + string(c+1) + value[at+1:]
		}
	}
	return value
}

// mute is a log whose receipts prove nothing: what the gate would cost without.
type mute struct{ gate.Log }

func (m mute) Append(ctx context.Context, e gate.Entry) (gate.Receipt, error) {
	r, err := m.Log.Append(ctx, e)
	r.Prover = nil
	return r, err
}

// BenchmarkCall is a tools/call through gateway and gate into the log of a host, without transport and with a tool that
// does nothing: what is left is the price of the promise, with receipts and without.
func BenchmarkCall(b *testing.B) {
	for _, callers := range []int{1, 16} {
		for _, kind := range []string{"mute", "receipts"} {
			b.Run(fmt.Sprintf("%s/callers=%d", kind, callers), func(b *testing.B) { benchmarkCall(b, kind == "mute", callers) })
		}
	}
}

func benchmarkCall(b *testing.B, muted bool, callers int) {
	log, _ := realLog(b)
	w := newWorld(b, func(w *world, _ *Config) {
		if w.log = log; muted {
			w.log = mute{log}
		}
	})
	handler, body := w.Handler(), callBody("echo", `{"t":"x"}`)
	work := make(chan struct{})
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range work {
				r := httptest.NewRequest("POST", Path, strings.NewReader(body))
				for _, o := range []option{as("alice"), modern("tools/call", "echo"), with("Content-Type", "application/json"), with("Accept", "application/json, text/event-stream"), loopback} {
					o(r)
				}
				answer := httptest.NewRecorder()
				if handler.ServeHTTP(answer, r); strings.Contains(answer.Body.String(), ReceiptKey) == muted {
					b.Errorf("%d %s", answer.Code, answer.Body)
				}
			}
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		work <- struct{}{}
	}
	close(work)
	group.Wait()
}
