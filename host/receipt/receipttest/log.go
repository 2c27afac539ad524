// Package receipttest makes receipts for tests, of a log that is kept in memory.
package receipttest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/host/strictjson"
)

// A Log signs receipts with a key of its own.
type Log struct {
	PublicFile string // its public key
	Signer     *checkpoint.Signer
	Key        *keys.AuditPublic

	t    testing.TB
	tree tree.Tree
}

// New makes a log and its key. Without a name, its origin is that of a device.
func New(t testing.TB, origin string) *Log {
	t.Helper()
	folder := t.TempDir()
	_, err := keys.Create(folder, "audit", keys.Audit, true)
	l := &Log{t: t, PublicFile: filepath.Join(folder, "audit.pub")}
	l.must(err)
	key, err := keys.ReadAudit(filepath.Join(folder, "audit.key"))
	l.must(err)
	l.Key = key.Public()
	if origin == "" {
		origin = checkpoint.Origin("press-7", l.Key)
	}
	l.Signer, err = checkpoint.NewSigner(origin, key)
	l.must(err)
	return l
}

// Entry is what a result's entry says, without digests.
func Entry() gate.Entry {
	return gate.Entry{
		ID: "01979d3c-7c5e-7000-8000-000000000001", Timestamp: time.Unix(1_700_000_000, 0).UTC().Format("2006-01-02T15:04:05.000000Z"),
		Actor: "alice", Action: "tools/call", Resource: "label", Outcome: gate.Success, TraceID: "4bf92f3577b34da6a3ce929d0e0e4736",
		PreviousHash: hex.EncodeToString(make([]byte, 32)), Kind: gate.KindResult, Event: gate.CallResult, Call: "01979d3c-7c5e-7000-8000-000000000002",
		Plugins: []gate.PluginRef{{Alias: "digits", Digest: "sha256:" + hex.EncodeToString(make([]byte, 32)), Backend: "wazero/inline"}},
		Verdict: &gate.Verdict{Outcome: "allow", Reason: "the role may"}, Grants: []string{"log", "infer"}, Micros: 1234, Fuel: 56789,
	}
}

// Receipt writes e, with the digests of params and result, between two other entries, and returns its receipt. With signed,
// e has a signature of its own.
func (l *Log) Receipt(e gate.Entry, params, result string, signed bool) gate.Proof {
	l.t.Helper()
	var salt [16]byte
	rand.Read(salt[:])
	e.Request, e.Response = l.digest(salt[:], params), l.digest(salt[:], result)
	body, err := json.Marshal(e)
	l.must(err)
	return l.Raw(body, salt[:], signed)
}

// Raw writes any entry and returns its receipt.
func (l *Log) Raw(body, salt []byte, signed bool) gate.Proof {
	l.t.Helper()
	if signed {
		sig, err := l.Signer.SignEntry(body)
		l.must(err)
		body, err = checkpoint.WithSignature(body, sig)
		l.must(err)
	}
	view := tree.View{Before: l.tree.Peaks()}
	index := l.tree.Size() + 1
	for _, entry := range [][]byte{[]byte("before"), body, []byte("behind")} {
		var err error
		view.Hashes, _, err = l.tree.Append(tlog.RecordHash(entry), view.Hashes, nil)
		l.must(err)
	}
	view.Size = l.tree.Size()
	way, err := view.Prove(index)
	l.must(err)
	head := checkpoint.Head{Origin: l.Signer.Origin(), Size: view.Size, Root: l.tree.Root()}
	note, err := l.Signer.Sign(head, l.Signer.Seal(head))
	l.must(err)
	proof := checkpoint.Proof{Index: index, Hashes: way, Checkpoint: note}
	return gate.Proof{Entry: string(body), Salt: base64.StdEncoding.EncodeToString(salt), Proof: string(proof.Marshal())}
}

// WithReceipt puts a receipt into a result that has _meta, as a host does.
func (l *Log) WithReceipt(result string, r gate.Proof) string {
	l.t.Helper()
	var top, meta map[string]json.RawMessage
	l.must(json.Unmarshal([]byte(result), &top))
	l.must(json.Unmarshal(top["_meta"], &meta))
	var err error
	meta["bulkhead/receipt"], err = json.Marshal(r)
	l.must(err)
	top["_meta"], err = json.Marshal(meta)
	l.must(err)
	out, err := json.Marshal(top)
	l.must(err)
	return string(out)
}

func (l *Log) digest(salt []byte, data string) string {
	canonical, err := strictjson.Canonical([]byte(data))
	l.must(err)
	sum := sha256.Sum256(append(salt[:len(salt):len(salt)], canonical...))
	return hex.EncodeToString(sum[:])
}

func (l *Log) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}
