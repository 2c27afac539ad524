package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"bulkhead/host/gate"
	"bulkhead/host/safefile"
)

// tornBehind reports whether a crash explains what follows the last seal: one write that did not come to its end, or lost
// blocks. Behind a seal that is there another write began, so that its own had come to the device whole.
func (r *replay) tornBehind() (bool, error) {
	if r.end-r.size > maxBatch {
		return false, nil
	}
	tail := make([]byte, r.end-r.size)
	if _, err := r.file.ReadAt(tail, r.size); err != nil && err != io.EOF {
		return false, err
	}
	return tornTail(tail), nil
}

// cut keeps what stands behind the durable part aside and takes it off the segment, in this order.
func (r *replay) cut() error {
	if err := keep(r.root, r.chain.size, io.NewSectionReader(r.file, r.size, r.end-r.size)); err != nil {
		return err
	}
	if err := r.file.Truncate(r.size); err != nil {
		return fmt.Errorf("cutting the torn tail: %w", err)
	}
	return nil
}

// maxKept is how many torn tails of one index are kept: each start that fails between keeping and cutting adds one.
const maxKept = 100

func tornName(index uint64, i int) string {
	if i == 0 {
		return fmt.Sprintf("%s%d", tornPrefix, index)
	}
	return fmt.Sprintf("%s%d.%d", tornPrefix, index, i)
}

// keep makes a torn tail a file of its own.
func keep(root *os.Root, index uint64, tail io.Reader) error {
	data, err := io.ReadAll(tail)
	if err != nil {
		return fmt.Errorf("reading the torn tail: %w", err)
	}
	for i := range maxKept {
		f, err := root.OpenFile(tornName(index, i), os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err == nil {
			err = writeSynced(f, data)
		}
		if err == nil {
			err = safefile.Sync(root)
		}
		if err != nil {
			return fmt.Errorf("keeping the torn tail aside: %w", err)
		}
		return nil
	}
	return fmt.Errorf("there are %d torn tails of entry %d already", maxKept, index)
}

// reportTorn adds an entry about each tail that was kept aside and that no entry tells of. It has the index that the first
// of those gets, so that the report of a start that ended too early is made up for by the next.
func (w *writer) reportTorn() error {
	index := w.chain.size
	for i := range maxKept {
		name := tornName(index, i)
		info, err := w.root.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		reason := fmt.Sprintf("a torn tail of %d bytes was cut and kept aside", info.Size())
		w.add(newRequest(w.hostEntry(gate.AuditRecover, "audit/recover", name, gate.Success, reason, nil)))
	}
	return nil
}
