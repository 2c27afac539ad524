package audit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
)

var ctx = context.Background()

// testKey is the audit key of all tests in this package: making one costs more than most of them.
var testKey = sync.OnceValue(func() *keys.AuditKey {
	dir, err := os.MkdirTemp("", "audit-key")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o700); err != nil {
		panic(err)
	}
	if _, err := keys.Create(dir, "audit", keys.Audit, true); err != nil {
		panic(err)
	}
	k, err := keys.ReadAudit(filepath.Join(dir, "audit.key"))
	if err != nil {
		panic(err)
	}
	return k
})

func testSigner(t testing.TB) *checkpoint.Signer {
	t.Helper()
	s, err := checkpoint.NewSigner("bulkhead/test/0123456789abcdef", testKey())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// note is an entry of the host's own, told apart by its resource.
func note(resource string) gate.Entry {
	return gate.Entry{Actor: "system/host", Action: "test", Resource: resource, Outcome: gate.Success, Kind: gate.KindHost, Event: gate.HostStart}
}

// result is an entry that has receipts.
func result(call string) gate.Entry {
	return gate.Entry{Actor: "alice", Action: "tools/call", Resource: "label", Outcome: gate.Success, Kind: gate.KindResult, Event: gate.CallResult, Call: call}
}

func decision(call string) gate.Entry {
	return gate.Entry{Actor: "alice", Action: "tools/call", Resource: "label", Outcome: gate.Success, Kind: gate.KindDecision, Event: gate.CallDecision, Call: call}
}

// config is that of a log in the folder "audit" of dir.
func config(t testing.TB, dir string, change ...func(*Config)) Config {
	t.Helper()
	c := Config{Dir: filepath.Join(dir, FolderName), Signer: testSigner(t)}
	for _, f := range change {
		f(&c)
	}
	return c
}

func openIn(t testing.TB, dir string, change ...func(*Config)) *Log {
	t.Helper()
	l, err := Open(config(t, dir, change...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func mustAppend(t testing.TB, l *Log, e gate.Entry) gate.Receipt {
	t.Helper()
	r, err := l.Append(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustClose(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// made returns a directory with a closed log of n entries.
func made(t testing.TB, n int, change ...func(*Config)) string {
	t.Helper()
	dir := t.TempDir()
	l := openIn(t, dir, change...)
	for i := range n {
		mustAppend(t, l, note(fmt.Sprintf("entry-%d", i)))
	}
	mustClose(t, l)
	return dir
}
