package audit

import (
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"

	"bulkhead/host/gate"
	"bulkhead/host/safefile"
)

// reserveSize is the room that the log keeps for saying that there is none left: an entry and a checkpoint, and what file
// systems add.
const reserveSize = 64 << 10

// makeReserve allocates the room, if it is not there.
func makeReserve(root *os.Root) error {
	f, err := root.OpenFile(reserveName, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("making the log's reserve: %w", err)
	}
	err = ignoringEINTR(func() error { return unix.Fallocate(int(f.Fd()), 0, 0, reserveSize) })
	if errors.Is(err, unix.EOPNOTSUPP) { // a file system without fallocate: take the room by writing
		_, err = f.WriteAt(make([]byte, reserveSize), 0)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("making the log's reserve: %w", errors.Join(err, root.Remove(reserveName)))
	}
	return safefile.Sync(root)
}

// recordFull gives the reserve up to record why the log ends. There is one try: without a reserve there is no room either.
// The log has failed already, and its memory is ahead of its disk: the segment is read again, as by a start.
func (w *writer) recordFull(cause error) {
	if w.root.Remove(reserveName) != nil {
		return
	}
	_ = w.tiles.close() // two must not write one tile at the same time; what fails here the next start writes
	again, err := resume(w.Config, w.root)
	if err != nil {
		return
	}
	again.SegmentSize = math.MaxInt64 // no room for another segment
	if again.reportTorn() == nil {
		e := again.hostEntry(gate.AuditFull, "audit/full", FolderName, gate.Failure, gate.Escape(cause.Error()), nil)
		again.add(newRequest(e))
		again.commit()
	}
	if again.tiles.close() == nil && again.failure() == nil {
		w.treeMu.Lock()
		w.tree, w.full = again.tree.Clone(), nil
		w.treeMu.Unlock()
		w.last.Store(again.last.Load())
		_ = again.publish() // else it stays as it was
		w.published.Store(again.published.Load())
	}
	again.file.Close()
}
