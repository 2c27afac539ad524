//go:build peers

package crash

import (
	"errors"
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
	// Still full: a start may fail, and loses nothing.
	if l, err := openLog(j); err == nil {
		if err := l.Close(); err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
	} else if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("opening on a full disk: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	j.Life, j.Producers, j.Rounds = "again", 4, 4
	again := run(t, j, 0)
	if again.code != exitDone {
		t.Fatalf("with room again, the next start ended with code %d: %s", again.code, again.words)
	}
	for index, hash := range o.acked {
		again.acked[index] = hash
	}
	if err := check(j, again.acked); err != nil {
		t.Error(err)
	}
	if !clean(j) {
		t.Error("the failing log left a torn tail")
	}
}
