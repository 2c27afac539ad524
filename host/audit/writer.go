package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// Bounds of the queue and of one write. A crash can tear at most one write, so maxBatch is also the most that Open may
// cut.
const (
	maxQueue = 1024
	maxBatch = 1 << 20
)

var errManyOpen = fmt.Errorf("%d decisions have no result", maxOpen)

// A request is an entry on its way to the device.
type request struct {
	entry   gate.Entry
	receipt gate.Receipt
	prover  prover
	done    chan error // one answer, buffered
}

func newRequest(e gate.Entry) *request { return &request{entry: e, done: make(chan error, 1)} }

// A writer turns entries into durable lines. One goroutine uses it; last, published and err may be read by any, and the
// tree under its lock.
//
// Invariants: size bytes of the segment are durable and end in a seal; a request is answered with nil only after the Sync
// that covers it and its seal; after err is set nothing is written ever again but, once, that the disk is full.
type writer struct {
	Config
	root  *os.Root // the log's folder
	file  file     // the last segment
	first uint64   // index of its first entry
	size  int64    // its durable bytes

	chain     chain
	time      time.Time // of the last entry
	decisions decisions
	latest    map[gate.Event]uint64 // see sought
	encoder   *encoder
	buf       []byte
	batch     []*request
	view      tree.View
	tiles     *tiles
	notary    notary

	treeMu sync.Mutex
	tree   tree.Tree
	full   []tree.Full // tiles that the batch filled

	last      atomic.Pointer[durable]
	published atomic.Pointer[published]
	err       atomic.Pointer[error]
	failed    chan struct{} // closed once err is set
}

// durable is what others may know of the log.
type durable struct {
	*batch           // the last one
	time   time.Time // of the last entry
}

// add puts a request into the batch. Whatever is wrong with the entry itself concerns its sender alone.
func (w *writer) add(r *request) {
	if err := w.encode(r); err != nil {
		r.done <- err
	}
}

// encode gives an entry its place behind all others and puts it into the batch.
func (w *writer) encode(r *request) error {
	t := w.Now().UTC().Truncate(time.Microsecond)
	if t.Before(w.time) {
		t = w.time
	}
	id, err := newID(t)
	if err != nil {
		return err
	}
	e := &r.entry
	if !w.decisions.takes(e) {
		return errManyOpen
	}
	e.ID, e.Timestamp, e.PreviousHash, e.Signature = id, t.Format(timestamp), w.chain.last, ""
	e.Development = e.Development || w.Development
	body, err := w.encoder.encode(e, w.signerOf(e.Event))
	if err != nil {
		return err
	}
	if len(w.batch) == 0 {
		w.begin()
	}
	if err := w.grow(tlog.RecordHash(body)); err != nil {
		return err
	}
	index := w.chain.size
	var hash string
	w.buf, hash = appendLine(w.buf, body)
	r.receipt = gate.Receipt{Entry: id, Index: index, Hash: hash}
	if provable(e) {
		r.prover = prover{index: index, entry: string(body)}
		r.receipt.Prover = &r.prover
	}
	w.time, w.batch = t, append(w.batch, r)
	w.chain.add(e, hash)
	w.note(e, index)
	return nil
}

// begin starts a batch: proofs about its entries need the tree as it was before.
func (w *writer) begin() { w.view = tree.View{Before: w.tree.Peaks()} }

func (w *writer) grow(leaf tlog.Hash) (err error) {
	w.treeMu.Lock()
	defer w.treeMu.Unlock()
	w.view.Hashes, w.full, err = w.tree.Append(leaf, w.view.Hashes, w.full)
	return err
}

// signerOf returns what signs entries of this event one by one, nil for most.
func (w *writer) signerOf(e gate.Event) func([]byte) ([]byte, error) {
	if mandatorySignature(e) {
		return w.Signer.SignEntry
	}
	for _, pattern := range w.SignEach {
		if e.Is(pattern) {
			return w.Signer.SignEntry
		}
	}
	return nil
}

// mandatorySignature is for entries that must stand by themselves, whatever becomes of the rest.
func mandatorySignature(e gate.Event) bool { return e == gate.AuditPrune || e == gate.AuditOff }

// complete reports whether the batch must end here: the next entry might not fit into one write, or a segment ends.
func (w *writer) complete() bool {
	return len(w.buf) > maxBatch-maxLine-maxSeal-1 || w.due()
}

// due reports whether the next entry begins a segment.
func (w *writer) due() bool {
	return w.chain.size%tree.Width == 0 && w.chain.size > w.first && w.size+int64(len(w.buf)) >= w.SegmentSize &&
		w.decisions.count <= maxListed
}

// commit seals the batch, makes it durable and answers its requests. It begins a new batch, in a new segment if it is due.
func (w *writer) commit() {
	if len(w.batch) == 0 {
		return
	}
	b := w.seal()
	err := w.write(b)
	if err == nil {
		w.prove(b)
	}
	for _, r := range w.batch {
		r.done <- err
	}
	clear(w.batch)
	w.buf, w.batch = w.buf[:0], w.batch[:0]
	if err == nil && w.due() {
		if err := w.rotate(); err != nil {
			w.giveUp(fmt.Errorf("beginning a segment: %w", err))
		}
	}
}

// seal ends the batch with its signature.
func (w *writer) seal() *batch {
	w.view.Size = w.tree.Size()
	head := checkpoint.Head{Origin: w.Signer.Origin(), Size: w.tree.Size(), Root: w.tree.Root()}
	s := seal{size: head.Size, root: head.Root}
	copy(s.sig[:], w.Signer.Seal(head))
	w.buf = append(appendSeal(w.buf, s), '\n')
	return &batch{head, s.sig[:], w.view}
}

// prove gives receipts what proves their entries, which are durable now.
func (w *writer) prove(b *batch) {
	wanted := func(r *request) bool { return r.receipt.Prover != nil }
	round := w.notary.gather(b, slices.ContainsFunc(w.batch, wanted))
	for _, r := range w.batch {
		r.prover.round = round
	}
}

// write brings buf to the device, or ends the log. After a failed fsync the kernel may have dropped the pages and called
// them clean, so a second fsync would prove nothing: there is no retry.
func (w *writer) write(b *batch) error {
	if err := w.undisturbed(); err != nil {
		return w.fail(err)
	}
	if err := w.tiles.err(); err != nil {
		return w.giveUp(err)
	}
	n, err := w.file.Write(w.buf)
	if err != nil {
		return w.giveUp(fmt.Errorf("writing the log: %w", err))
	}
	if n != len(w.buf) {
		return w.giveUp(fmt.Errorf("writing the log: %d of %d bytes", n, len(w.buf)))
	}
	if err := w.file.Sync(); err != nil {
		w.repair()
		return w.fail(fmt.Errorf("syncing the log: %w", err))
	}
	w.size += int64(len(w.buf))
	w.tiles.keep(w.full) // before anybody may ask for them
	w.treeMu.Lock()
	w.full = nil
	w.treeMu.Unlock()
	w.last.Store(&durable{b, w.time})
	return nil
}

// repair takes back what was not acknowledged, so that the next start finds a log that ends in a whole, durable batch and
// does not trust pages that may exist in memory only. If this fails too, the next start repairs.
func (w *writer) repair() {
	if w.file.Truncate(w.size) == nil {
		_ = w.file.Sync() // the log has failed already
	}
}

// undisturbed reports whether the segment is still what was left behind. One that was deleted, cut or written by others
// keeps no entries.
func (w *writer) undisturbed() error {
	info, err := w.file.Stat()
	if err != nil {
		return fmt.Errorf("looking at the log: %w", err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink == 0 {
		return errors.New("the log's segment was deleted")
	}
	if info.Size() != w.size {
		return fmt.Errorf("the log's segment has %d bytes instead of %d: somebody else changed it", info.Size(), w.size)
	}
	return nil
}

// giveUp is fail after an error that leaves the device able to take one more entry, if it was only full. A log that has
// failed stays as it is: repairing would take that entry back.
func (w *writer) giveUp(cause error) error {
	if err := w.failure(); err != nil {
		return err
	}
	w.repair()
	err := w.fail(cause)
	if errors.Is(cause, syscall.ENOSPC) || errors.Is(cause, syscall.EDQUOT) {
		w.recordFull(cause)
	}
	return err
}

// fail ends the log.
func (w *writer) fail(cause error) error {
	err := fmt.Errorf("%w: %w", ErrFailed, cause)
	if w.err.CompareAndSwap(nil, &err) {
		close(w.failed)
	}
	return err
}

func (w *writer) failure() error {
	if err := w.err.Load(); err != nil {
		return *err
	}
	return nil
}

// hostEntry is an entry of the log's own.
func (w *writer) hostEntry(event gate.Event, action, resource string, outcome gate.Outcome, reason string, detail json.RawMessage) gate.Entry {
	return gate.Entry{
		Actor: "system/host", Action: action, Resource: resource, Outcome: outcome, Kind: gate.KindHost, Event: event,
		TraceID: newTrace(), Reason: reason, Detail: detail,
	}
}
