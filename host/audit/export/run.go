package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// A Source is a log that can be read.
type Source interface {
	// Origin is the log's, as its checkpoints name it.
	Origin() string
	// Bounds returns the index of the oldest entry that has not been pruned, and the size up to which entries are sealed.
	Bounds() (first, size uint64, err error)
	// Read visits the entries from one index up to another, in order. An entry is visit's until it returns.
	Read(ctx context.Context, from, to uint64, visit func(*Entry) error) error
}

// A Job is one export.
type Job struct {
	Log     Source
	Encoder *Encoder
	Output  io.Writer // what it returned nil for is as durable as it gets

	Start   *Cursor // where the last export ended; nil: there was none
	Since   *uint64 // without Start, the first index; nil: the oldest entry that there is
	Until   *uint64 // the index before which to end; nil: the log's size
	Follow  bool    // go on with new entries until ctx ends, which is no error
	Save    func(Cursor) error
	Confirm func(next uint64) error // waits until the receiver has stored everything before next; may be nil
}

// The limits of a batch: what comes again after a crash.
const (
	MaxBatch      = 1024
	maxBatchBytes = 1 << 20
	pollInterval  = 200 * time.Millisecond
)

// A GapError says that entries were pruned before they were exported.
type GapError struct{ From, To uint64 }

// Error names the gap.
func (e *GapError) Error() string {
	return fmt.Sprintf("entries %d to %d were pruned before they were exported", e.From, e.To-1)
}

// ErrNotThisLog says that the log is not the one that was exported: another one, rolled back, or forked.
var ErrNotThisLog = errors.New("this is not the log that the cursor is of")

// Run exports, in batches: each is written, then confirmed, then passed by the cursor. So nothing is left out, and after a
// crash at most the last batch comes again. It returns the cursor behind the last entry.
func (j *Job) Run(ctx context.Context) (Cursor, error) {
	at, err := j.begin(ctx)
	if err != nil {
		return at, err
	}
	if len(j.Encoder.Title) > 0 {
		if _, err := j.Output.Write(j.Encoder.Title); err != nil {
			return at, err
		}
	}
	end := uint64(math.MaxUint64)
	if j.Until != nil {
		end = *j.Until
	}
	for {
		if at, err = j.catchUp(ctx, at, end); err != nil || !j.Follow || at.Index >= end {
			return at, err
		}
		select {
		case <-ctx.Done():
			return at, nil
		case <-time.After(pollInterval):
		}
	}
}

// begin finds the place, and makes sure that the log still holds what was exported.
func (j *Job) begin(ctx context.Context) (Cursor, error) {
	if j.Start != nil {
		return *j.Start, Check(ctx, j.Log, *j.Start)
	}
	first, _, err := j.Log.Bounds()
	at := Cursor{Origin: j.Log.Origin(), Index: first}
	if j.Since != nil {
		at.Index = *j.Since
	}
	return at, err
}

// Check makes sure that a log still holds what was exported before a cursor, as far as it has not been pruned. The error is
// or wraps ErrNotThisLog, or says what could not be read.
func Check(ctx context.Context, log Source, at Cursor) error {
	first, size, err := log.Bounds()
	switch {
	case err != nil:
		return err
	case at.Origin != log.Origin():
		return fmt.Errorf("%w: its origin is %q, the cursor's is %q", ErrNotThisLog, log.Origin(), at.Origin)
	case at.Index > size:
		return rolledBack(at, size)
	case at.Index == 0 || at.Index < first:
		return nil
	}
	differs := fmt.Errorf("%w: entry %d is another one than was exported: it was forked, or rolled back and went on", ErrNotThisLog, at.Index-1)
	if at.Index == first { // the entry before is gone; its hash is in the next one
		return log.Read(ctx, first, first+1, func(e *Entry) error {
			if e.PreviousHash != at.Hash {
				return differs
			}
			return nil
		})
	}
	return log.Read(ctx, at.Index-1, at.Index, func(e *Entry) error {
		if e.Hash != at.Hash {
			return differs
		}
		return nil
	})
}

func rolledBack(at Cursor, size uint64) error {
	return fmt.Errorf("%w: it has %d entries, but %d were exported: it was rolled back", ErrNotThisLog, size, at.Index)
}

// catchUp exports what there is before end.
func (j *Job) catchUp(ctx context.Context, at Cursor, end uint64) (Cursor, error) {
	_, size, err := j.Log.Bounds()
	switch {
	case err != nil:
		return at, err
	case at.Hash != "" && at.Index > size:
		return at, rolledBack(at, size)
	}
	for end = min(end, size); at.Index < end; {
		if ctx.Err() != nil && j.Follow {
			return at, nil
		}
		if at, err = j.batch(ctx, at, min(end, at.Index+MaxBatch)); err != nil {
			return at, j.pruned(at, err)
		}
	}
	return at, nil
}

// pruned names the gap if that is why the log could not be read.
func (j *Job) pruned(at Cursor, err error) error {
	if first, _, e := j.Log.Bounds(); e == nil && at.Index < first {
		return &GapError{at.Index, first}
	}
	return err
}

var errBatchFull = errors.New("the batch is full")

// batch exports the entries before to, or as many of them as make a batch.
func (j *Job) batch(ctx context.Context, at Cursor, to uint64) (Cursor, error) {
	next := at
	var data []byte
	err := j.Log.Read(ctx, at.Index, to, func(e *Entry) error {
		switch {
		case e.Index != next.Index:
			return fmt.Errorf("reading the log: got entry %d instead of %d", e.Index, next.Index)
		case next.Hash != "" && e.PreviousHash != next.Hash:
			return fmt.Errorf("%w: entry %d does not follow the one that was exported before", ErrNotThisLog, e.Index)
		}
		data = j.Encoder.Append(data, e)
		next.Index, next.Hash = e.Index+1, e.Hash
		if len(data) >= maxBatchBytes {
			return errBatchFull
		}
		return nil
	})
	if err != nil && !errors.Is(err, errBatchFull) {
		return at, err
	}
	if next.Index == at.Index {
		return at, fmt.Errorf("reading the log: entry %d is not there", at.Index)
	}
	if err := j.deliver(data, next); err != nil {
		return at, err
	}
	return next, nil
}

func (j *Job) deliver(data []byte, next Cursor) error {
	if _, err := j.Output.Write(data); err != nil {
		return err
	}
	if j.Confirm != nil {
		if err := j.Confirm(next.Index); err != nil {
			return err
		}
	}
	if j.Save != nil {
		return j.Save(next)
	}
	return nil
}
