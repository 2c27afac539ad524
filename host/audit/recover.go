package audit

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/safefile"
)

// Recovery: what a crash may leave behind, and nothing else, is repaired. A crash tears the last write, which no sender
// was told about. What follows the last seal is then at most maxBatch bytes long and either has no seal, or a hole of zero
// bytes where blocks never reached the device. That is cut, kept aside as torn-INDEX and reported by an entry. Any other
// damage is somebody's doing, and the log is refused: cutting it would destroy the evidence and good entries with it.

// maxCheckpoint is the size of the largest checkpoint file: witnesses may have added their lines.
const maxCheckpoint = 1 << 20

// recoverLog reads the log, repairs it, and returns a writer that goes on behind it, with all that the last process could
// not write.
func recoverLog(c Config, root *os.Root) (*writer, error) {
	w, err := resume(c, root)
	if err != nil {
		return nil, err
	}
	if err := w.settle(); err != nil {
		w.tiles.close()
		return nil, errors.Join(err, w.file.Close())
	}
	return w, nil
}

// resume returns a writer behind the last entry. It repairs, but writes no entry.
func resume(c Config, root *os.Root) (*writer, error) {
	saved, err := readPublished(c, root)
	if err != nil {
		return nil, err
	}
	w := &writer{Config: c, root: root, encoder: newEncoder(), notary: notary{signer: c.Signer}, failed: make(chan struct{})}
	r := &replay{writer: w, saved: saved}
	if err := r.run(); err != nil {
		return nil, err
	}
	w.tiles = newTiles(root)
	w.tiles.keep(r.full)
	w.full = nil
	return w, nil
}

// readPublished reads the checkpoint, nil if there is none, and believes it only under the log's own key.
func readPublished(c Config, root *os.Root) (*saved, error) {
	note, _, err := safefile.Read(root, CheckpointName, maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoint: %w", err)
	}
	head, err := c.Signer.Verifier().Open(note)
	if err != nil {
		return nil, &Problem{ClassForeign, 0, fmt.Sprintf("the checkpoint is not one of this log's key: %v", err)}
	}
	return &saved{head, note}, nil
}

type saved struct {
	head checkpoint.Head
	note []byte
}

// settle makes durable what was read, and writes what the last process could not: that the log was torn, and which
// decisions have no result.
func (w *writer) settle() error {
	if err := w.file.Sync(); err != nil { // entries of a killed process may be in memory only
		return err
	}
	if err := safefile.Sync(w.root); err != nil {
		return err
	}
	if err := makeReserve(w.root); err != nil {
		return err
	}
	if w.Public != nil {
		if err := safefile.Replace(w.root, PublicName, w.Public); err != nil {
			return fmt.Errorf("keeping the public key: %w", err)
		}
	}
	if err := w.reportTorn(); err != nil {
		return err
	}
	if err := eachOf(w.root, w.decisions.pending(), w.closeDecision); err != nil {
		return fmt.Errorf("closing a decision: %w", err)
	}
	w.commit()
	if w.failure() == nil && w.due() {
		if err := w.rotate(); err != nil {
			return err
		}
	}
	return w.failure()
}

// closeDecision writes the result of a decision that a crash left without one.
func (w *writer) closeDecision(_ uint64, e *gate.Entry) error {
	r := newRequest(gate.Entry{
		Actor: e.Actor, Action: e.Action, Resource: e.Resource, Outcome: gate.Partial, Kind: gate.KindResult, Event: gate.CallResult,
		TraceID: e.TraceID, Call: e.Call, Request: e.Request, Reason: "the host ended before the call did",
	})
	w.add(r)
	select {
	case err := <-r.done:
		return err
	default:
	}
	if w.complete() {
		w.commit()
	}
	return w.failure()
}

func newTrace() string {
	var trace [16]byte
	rand.Read(trace[:]) // never fails (crypto/rand)
	return hex.EncodeToString(trace[:])
}

// close ends the writer after a last publication.
func (w *writer) close() error {
	var errs []error
	if w.failure() == nil {
		errs = append(errs, w.tiles.settle(), w.publish())
	}
	return errors.Join(append(errs, w.tiles.close(), w.file.Close(), w.root.Close())...)
}

// parseTime reads an entry's timestamp, which parseLine has checked.
func parseTime(s string) time.Time {
	t, _ := time.Parse(timestamp, s)
	return t
}
