//go:build peers

package crash

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bulkhead/host/gate"
)

// A disk that is full: the log fails closed and says why in its last entry, out of its reserve. Once there is room again,
// the next start goes on.
func TestPeerRootFullDisk(t *testing.T) {
	needRoot(t)
	for range length(2, 20) {
		for _, producers := range []int{1, 4, 64} {
			fullDisk(t, producers)
		}
	}
}

func fullDisk(t *testing.T, producers int) {
	t.Helper()
	disk := t.TempDir()
	must(t, "mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "crash", disk)
	defer must(t, "umount", disk)
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 200<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	j := newJob(t)
	j.Dir = filepath.Join(disk, "audit")
	j.Life, j.Producers, j.Padding = "full", producers, 200
	o := run(t, j, 0)
	if o.code != exitFailed || o.revived || !strings.Contains(o.words, "no space left") {
		t.Fatalf("the child ended with code %d: %s", o.code, o.words)
	}
	k, err := read(j.Dir)
	if err != nil {
		t.Fatalf("the failing log left: %v", err)
	}
	if last := k.entries[len(k.entries)-1]; last.Event != gate.AuditFull {
		t.Errorf("the last entry is %s, not that the disk is full", last.Event)
	}
	roomless(t, j)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	goesOn(t, j, o.acked)
}

// roomless starts once more on the full disk. That may fail, and loses nothing.
func roomless(t *testing.T, j job) {
	t.Helper()
	l, err := openLog(j)
	if err == nil {
		err = l.Close()
	}
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a start on a full disk: %v", err)
	}
}

// goesOn starts with room again.
func goesOn(t *testing.T, j job, acked acks) {
	t.Helper()
	j.Life, j.Producers, j.Rounds = "again", 4, 4
	o := run(t, j, 0)
	if o.code != exitDone {
		t.Fatalf("with room again, the next start ended with code %d: %s", o.code, o.words)
	}
	maps.Copy(o.acked, acked)
	if err := check(j, o.acked); err != nil {
		t.Error(err)
	}
	if !clean(j) {
		t.Error("the failing log left a torn tail")
	}
}
