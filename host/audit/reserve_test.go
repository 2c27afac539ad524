package audit

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"bulkhead/host/gate"
)

// allocated is the room that a file takes on its device.
func allocated(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}

func TestTheReserveTakesItsRoom(t *testing.T) {
	dir := made(t, 1)
	if n := allocated(t, fileOf(dir, reserveName)); n < reserveSize {
		t.Errorf("the reserve takes %d bytes", n)
	}
	overwrite(t, dir, reserveName, nil) // somebody made it small
	mustClose(t, openIn(t, dir))
	if n := allocated(t, fileOf(dir, reserveName)); n < reserveSize {
		t.Errorf("after another start it takes %d bytes", n)
	}
}

// full appends to a log until the disk is full, at the write of entry size, and returns the log.
func full(t *testing.T, dir string, size uint64, cause error, change ...func(*Config)) (*Log, *faults) {
	t.Helper()
	f := &faults{short: 10, err: cause}
	l := openIn(t, dir, append(change, f.into)...)
	fill(t, l, size)
	f.n = f.ops.Load() + 2 // stat, then write
	if _, err := l.Append(ctx, note("too much")); !errors.Is(err, ErrFailed) || !errors.Is(err, cause) {
		t.Fatalf("append: %v", err)
	}
	return l, f
}

func TestAFullDiskIsRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		cause error
		size  uint64
	}{
		"disk full": {unix.ENOSPC, 10}, "quota": {unix.EDQUOT, 10}, "the first entry": {unix.ENOSPC, 0},
		"an entry that fills a tile": {unix.ENOSPC, 255}, "an entry after a rotation": {unix.ENOSPC, 300},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, f := full(t, dir, c.size, c.cause, rotating)
			<-l.Failed()
			if _, err := os.Stat(fileOf(dir, reserveName)); !os.IsNotExist(err) {
				t.Errorf("the reserve was not given up: %v", err)
			}
			wantFull(t, dir, l, c.size)
			for range 3 {
				if _, err := l.Append(ctx, note("later")); !errors.Is(err, ErrFailed) {
					t.Errorf("append to a full log: %v", err)
				}
			}
			mustClose(t, l)
			if n := f.writes.Load(); n != 1 {
				t.Errorf("%d writes after the fault", n)
			}
			l = openIn(t, dir, rotating)
			mustAppend(t, l, note("again"))
			mustClose(t, l)
			if n := allocated(t, fileOf(dir, reserveName)); n < reserveSize {
				t.Errorf("the next start's reserve takes %d bytes", n)
			}
			if n := count(read(t, dir), gate.AuditFull); n != 1 {
				t.Errorf("%d entries of it", n)
			}
		})
	}
}

// wantFull looks for the entry that there is no room, and has the log show what it wrote.
func wantFull(t *testing.T, dir string, l *Log, size uint64) {
	t.Helper()
	h := read(t, dir)
	e := h.entries[len(h.entries)-1]
	if h.size() != size+1 || e.Event != gate.AuditFull || e.Outcome != gate.Failure || !strings.Contains(e.Reason, "writing the log") {
		t.Errorf("%d entries, the last one is %+v", h.size(), e)
	}
	if l.Head().Size != size+1 {
		t.Errorf("head %+v", l.Head())
	}
	head, err := testSigner(t).Verifier().Open(l.Checkpoint())
	if err != nil || head != l.Head() || string(l.Checkpoint()) != string(content(t, dir, CheckpointName)) {
		t.Errorf("the checkpoint shown is of %+v, %v", head, err)
	}
	wantTiles(t, l, h)
}

// Whether the device is full is known by its word about a write, nothing else.
func TestOnlyAFullDiskIsRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		cause error
		after int64 // operations until the fault
	}{"write EIO": {unix.EIO, 2}, "sync ENOSPC": {unix.ENOSPC, 3}, "sync EDQUOT": {unix.EDQUOT, 3}, "stat ENOSPC": {unix.ENOSPC, 1}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f := &faults{err: c.cause}
			l := openIn(t, dir, f.into)
			fill(t, l, 10)
			f.n = f.ops.Load() + c.after
			if _, err := l.Append(ctx, note("x")); !errors.Is(err, ErrFailed) || !errors.Is(err, c.cause) {
				t.Fatalf("append: %v", err)
			}
			mustClose(t, l)
			if h := read(t, dir); h.size() != 10 || f.writes.Load() != 0 {
				t.Errorf("%d entries, %d writes after the fault", h.size(), f.writes.Load())
			}
			if _, err := os.Stat(fileOf(dir, reserveName)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A device that stays full is not tried again and again.
func TestTheReserveIsSpentOnce(t *testing.T) {
	dir := t.TempDir()
	f := &faults{only: "write", short: 10, err: unix.ENOSPC, broken: true}
	l := openIn(t, dir, f.into)
	fill(t, l, 3)
	f.n = f.ops.Load() + 1
	if _, err := l.Append(ctx, note("x")); !errors.Is(err, ErrFailed) {
		t.Fatalf("append: %v", err)
	}
	mustClose(t, l)
	if n := f.writes.Load(); n != 1 {
		t.Errorf("%d writes after the fault", n)
	}
	mustClose(t, openIn(t, dir))
	if h := read(t, dir); count(h, gate.AuditFull) != 0 || h.size() != 3 {
		t.Errorf("%d entries", h.size())
	}
}

// Tiles and checkpoints need room as well.
func TestATileThatFindsNoRoomIsRecorded(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	fill(t, l, 300)
	l.writer.tiles.mu.Lock()
	l.writer.tiles.failure = fmt.Errorf("writing a tile: %w", unix.ENOSPC)
	l.writer.tiles.mu.Unlock()
	if _, err := l.Append(ctx, note("x")); !errors.Is(err, ErrFailed) || !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("append: %v", err)
	}
	l.Close()
	mustClose(t, openIn(t, dir))
	h := read(t, dir)
	if e := h.entries[len(h.entries)-1]; h.size() != 301 || e.Event != gate.AuditFull || !strings.Contains(e.Reason, "tile") {
		t.Errorf("%d entries, the last one is %+v", h.size(), e)
	}
}
