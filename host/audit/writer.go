package audit

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"bulkhead/host/gate"
)

// Bounds of the queue and of one write. A crash can tear at most one write, so maxBatch is also the most that Open may
// cut.
const (
	maxQueue = 1024
	maxBatch = 1 << 20
)

// A request is an entry on its way to the device.
type request struct {
	entry   gate.Entry
	receipt gate.Receipt
	done    chan error // one answer, buffered
}

func newRequest(e gate.Entry) *request { return &request{entry: e, done: make(chan error, 1)} }

// A writer turns entries into durable lines. One goroutine uses it; last and err may be read by any.
//
// Invariants: size bytes of the file are durable and end in a newline; a request is answered with nil only after the
// Sync that covers it; after err is set nothing is written ever again.
type writer struct {
	file  file
	now   func() time.Time
	dev   bool // marks every entry
	chain chain
	time  time.Time // of the last entry
	size  int64     // durable bytes
	buf   []byte
	batch []*request

	last   atomic.Pointer[durable]
	err    atomic.Pointer[error]
	failed chan struct{} // closed once err is set
}

// add puts a request into the batch. Whatever is wrong with the entry itself concerns its sender alone.
func (w *writer) add(r *request) {
	if err := w.encode(r); err != nil {
		r.done <- err
	}
}

// encode gives an entry its place behind all others and puts it into the batch.
func (w *writer) encode(r *request) error {
	t := w.now().UTC().Truncate(time.Microsecond)
	if t.Before(w.time) {
		t = w.time
	}
	id, err := newID(t)
	if err != nil {
		return err
	}
	r.entry.ID, r.entry.Timestamp, r.entry.PreviousHash = id, t.Format(timestamp), w.chain.last
	r.entry.Development = r.entry.Development || w.dev
	buf, hash, err := appendLine(w.buf, &r.entry)
	if err != nil {
		return err
	}
	r.receipt = gate.Receipt{Entry: id, Index: w.chain.size, Hash: hash}
	w.buf, w.time, w.batch = buf, t, append(w.batch, r)
	w.chain.add(&r.entry, hash)
	return nil
}

// full reports whether the next entry might not fit into one write.
func (w *writer) full() bool { return len(w.buf) > maxBatch-maxLine }

// commit makes the batch durable and answers its requests. It begins a new batch.
func (w *writer) commit() {
	var err error
	if len(w.batch) > 0 {
		err = w.write()
	}
	for _, r := range w.batch {
		r.done <- err
	}
	clear(w.batch)
	w.buf, w.batch = w.buf[:0], w.batch[:0]
}

// write brings buf to the device, or ends the log. After a failed fsync the kernel may have dropped the pages and called
// them clean, so a second fsync would prove nothing: there is no retry.
func (w *writer) write() error {
	if err := w.undisturbed(); err != nil {
		return w.fail(err)
	}
	_, err := w.file.Write(w.buf)
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		w.repair()
		return w.fail(fmt.Errorf("writing the log: %w", err))
	}
	w.size += int64(len(w.buf))
	w.publish()
	return nil
}

// durable is what others may know of the log.
type durable struct {
	head Head
	time time.Time // of the last entry
}

// publish shows others what has become durable.
func (w *writer) publish() { w.last.Store(&durable{w.chain.head(), w.time}) }

// repair takes back what was not acknowledged, so that the next start finds a log that ends in a whole, durable entry
// and does not trust pages that may exist in memory only. If this fails too, the next start repairs.
func (w *writer) repair() {
	if w.file.Truncate(w.size) == nil {
		_ = w.file.Sync() // the log has failed already
	}
}

// undisturbed reports whether the file is still what was left behind. One that was deleted, cut or written by others
// keeps no entries.
func (w *writer) undisturbed() error {
	info, err := w.file.Stat()
	if err != nil {
		return fmt.Errorf("looking at the log: %w", err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink == 0 {
		return errors.New("the log file was deleted")
	}
	if info.Size() != w.size {
		return fmt.Errorf("the log file has %d bytes instead of %d: somebody else changed it", info.Size(), w.size)
	}
	return nil
}

// fail ends the log.
func (w *writer) fail(cause error) error {
	err := fmt.Errorf("%w: %w", ErrFailed, cause)
	w.err.Store(&err)
	close(w.failed)
	return err
}

func (w *writer) failure() error {
	if err := w.err.Load(); err != nil {
		return *err
	}
	return nil
}
