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

// testKeyFiles is the audit key of all tests in this package, and its public file: making one costs more than most of them.
var testKeyFiles = sync.OnceValues(newKey)

func testKey() *keys.AuditKey {
	k, _ := testKeyFiles()
	return k
}

func newKey() (*keys.AuditKey, []byte) {
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
	public, err := os.ReadFile(filepath.Join(dir, "audit.pub"))
	if err != nil {
		panic(err)
	}
	return k, public
}

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

// rotating has a segment end at every multiple of 256 entries.
func rotating(c *Config) { c.SegmentSize = 1 }

// fill appends notes, many at a time, until the log has size entries. A rotation writes one itself, right behind the last
// entry of a segment.
func fill(t testing.TB, l *Log, size uint64) {
	t.Helper()
	for next := l.Head().Size; next < size; {
		var wg sync.WaitGroup
		var mu sync.Mutex
		n := min(size-next, 64, 256-next%256)
		if next%256 == 0 {
			n = 1
		}
		for range n {
			wg.Go(func() {
				r, err := l.Append(ctx, note("fill"))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				next = max(next, r.Index+1)
			})
		}
		wg.Wait()
		if t.Failed() {
			t.FailNow()
		}
	}
}

// fileOf is the path of a file in the folder of the log in dir.
func fileOf(dir, name string) string { return filepath.Join(dir, FolderName, name) }

// firstSegment is the name of a log's first file.
var firstSegment = segmentName(0)

// content is what a file of the log in dir holds.
func content(t testing.TB, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(fileOf(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// overwrite gives a file of the log in dir another content.
func overwrite(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(fileOf(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// copied returns a directory with a copy of the log in dir.
func copied(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(to, func(name string, d os.DirEntry, err error) error {
		if err != nil || name == to {
			return err
		}
		if d.IsDir() {
			return os.Chmod(name, 0o700)
		}
		return os.Chmod(name, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}
