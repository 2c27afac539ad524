package audit

import (
	"errors"
	"fmt"
	"os"
	"time"

	"bulkhead/host/safefile"
)

// rotate begins a segment. Before that, whatever a start needs of the segments before is durable: the checkpoint that
// covers them and their tiles. The new segment's first entry lists the decisions that are still open, so that a start
// reads the last segment alone.
func (w *writer) rotate() error {
	if err := w.publish(); err != nil {
		return err
	}
	before := w.first
	f, err := createSegment(w.root, w.chain.size, w.wrap)
	if err != nil {
		return err
	}
	old := w.file
	w.file, w.first, w.size = f, w.chain.size, 0
	if err := old.Close(); err != nil {
		return err
	}
	if err := w.encode(newRequest(w.rotateEntry(before))); err != nil {
		return err
	}
	w.commit()
	return w.failure()
}

// createSegment makes an empty segment whose name is durable.
func createSegment(root *os.Root, first uint64, wrap func(file) file) (file, error) {
	f, err := openSegment(root, segmentName(first), os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, err
	}
	if err := safefile.Sync(root); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return wrap(f), nil
}

// A published checkpoint is what outsiders see.
type published struct {
	size uint64
	note []byte
}

// publish makes the checkpoint of all that is durable the one that outsiders see, if it is not. The tiles under it are
// durable before.
func (w *writer) publish() error {
	if err := w.tiles.settle(); err != nil {
		return err
	}
	b := w.last.Load().batch
	if p := w.published.Load(); b.seal == nil || p != nil && p.size == b.head.Size {
		return nil
	}
	note, err := w.Signer.Sign(b.head, b.seal)
	if err == nil {
		note, err = w.Signer.Publish(note, w.publishedAt())
	}
	if err == nil {
		err = safefile.Replace(w.root, CheckpointName, note)
	}
	if err != nil {
		return fmt.Errorf("publishing the checkpoint: %w", err)
	}
	w.published.Store(&published{b.head.Size, note})
	return nil
}

// publishedAt is the time of a publication. Like that of entries, it never goes back, whatever the clock does.
func (w *writer) publishedAt() time.Time {
	at := w.Now()
	if last := w.last.Load().time; at.Before(last) {
		at = last
	}
	if p := w.published.Load(); p != nil {
		if before, ok := w.Signer.Verifier().Published(p.note); ok && at.Before(before) {
			at = before
		}
	}
	return at
}
