// Package audit is the log: entries kept for ever, each chained to the one before, durable before anybody acts on them.
//
// # Durability
//
// Log implements gate.Log; that interface and gate.Receipt are what the transparency log (C2SP tlog-tiles) will
// implement in its turn, with a proof in place of the receipt's index and hash. What both promise:
//
//   - When Append returns nil, the entry MUST be durable: written and flushed to the device, and all entries of lower
//     index too. It MUST NOT return nil earlier.
//   - Its index MUST be unique, and MUST NOT change. Indices are contiguous from 0.
//   - When Append returns an error, the entry MAY nevertheless be in the log after a crash; the caller MUST NOT act as if
//     it were.
//   - Once the device has failed, every later Append MUST fail, until the process ends. The host MUST stop acting.
//   - An acknowledged entry MUST NOT be changed or removed. Open MUST refuse a log in which one was, as far as it can
//     know; what it cuts from the end it MUST keep aside and report by an entry.
//   - Every decision gets exactly one result. Open MUST write outcome partial for those that a crash left open.
//
// # Format
//
// One line an entry: the SHA-256 of the entry's bytes in hex, a space, the entry as JSON on one line, a newline. The
// member previous_hash is the hash of the entry before, 64 zeros in the first.
//
// Whoever can write the file can replace it as a whole. A Head saved elsewhere shows that; nothing here can prevent it.
package audit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

// FileName is the name of the log in the state directory.
const FileName = "audit.log"

// The errors of Append.
var (
	ErrFailed  = errors.New("the log has failed and accepts no more entries")
	ErrClosed  = errors.New("the log is closed")
	ErrInvalid = errors.New("invalid entry") // the caller's mistake; the log goes on
)

// Config says where the log is.
type Config struct {
	Dir         string           // the state directory, which must exist
	Now         func() time.Time // nil: time.Now
	Development bool             // the host holds development keys: every entry says so

	wrap func(file) file // tests put faults here
}

// A Log appends entries. It is safe for concurrent use.
type Log struct {
	writer    *writer
	queue     chan *request
	quit      chan struct{} // closed by Close
	done      chan struct{} // closed when the writer's goroutine has ended
	closeOnce sync.Once
	closeErr  error
}

// Open opens the log in c.Dir, creating it with mode 0600 if there is none, and takes a lock that lasts until Close. It
// reads everything, in bounded memory, and refuses a log that is not whole with a *Problem; see Recovery in recover.go
// for the one damage that a crash explains. When it returns, all that was read is durable. The log must be closed.
func Open(c Config) (*Log, error) {
	l, err := open(c)
	if err != nil {
		return nil, fmt.Errorf("opening the log %s: %w", filepath.Join(c.Dir, FileName), err)
	}
	return l, nil
}

func open(c Config) (*Log, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	f, err := openLog(filepath.Join(c.Dir, FileName))
	if err != nil {
		return nil, err
	}
	var dev file = f
	if c.wrap != nil {
		dev = c.wrap(f)
	}
	w, err := recoverLog(c, dev)
	if err != nil {
		return nil, errors.Join(err, dev.Close())
	}
	l := &Log{writer: w, queue: make(chan *request, maxQueue), quit: make(chan struct{}), done: make(chan struct{})}
	go l.run()
	return l, nil
}

// Append implements gate.Log. It waits for room in the queue, until ctx is done, and then for the device. The entry's
// Detail, if any, must be one JSON object.
func (l *Log) Append(ctx context.Context, e gate.Entry) (gate.Receipt, error) {
	if err := check(&e); err != nil {
		return gate.Receipt{}, err
	}
	if err := l.Err(); err != nil {
		return gate.Receipt{}, err
	}
	if err := ctx.Err(); err != nil {
		return gate.Receipt{}, err
	}
	r := newRequest(e)
	select {
	case l.queue <- r:
	case <-ctx.Done():
		return gate.Receipt{}, ctx.Err()
	case <-l.quit:
		return gate.Receipt{}, ErrClosed
	}
	return l.wait(r)
}

// wait returns the answer to a queued request; the writer may end without having seen it.
func (l *Log) wait(r *request) (gate.Receipt, error) {
	var err error
	select {
	case err = <-r.done:
	case <-l.done:
		select {
		case err = <-r.done:
		default:
			err = ErrClosed
		}
	}
	if err != nil {
		return gate.Receipt{}, err
	}
	return r.receipt, nil
}

// Head returns the head of what is durable.
func (l *Log) Head() Head { return l.writer.last.Load().head }

// Time returns the timestamp of the last durable entry, the zero time for an empty log. No later entry is older.
func (l *Log) Time() time.Time { return l.writer.last.Load().time }

// Failed returns a channel that is closed when the device has failed. The host must then stop acting.
func (l *Log) Failed() <-chan struct{} { return l.writer.failed }

// Err returns why the log has failed, wrapping ErrFailed, and nil while it works.
func (l *Log) Err() error { return l.writer.failure() }

// Close waits for queued entries to become durable and gives the file and its lock back. It may be called again.
func (l *Log) Close() error {
	l.closeOnce.Do(func() {
		close(l.quit)
		<-l.done
		l.closeErr = l.writer.file.Close()
	})
	return l.closeErr
}

// run commits whatever is queued, and adds no delay: while one batch is on its way to the device the next gathers.
func (l *Log) run() {
	defer close(l.done)
	for {
		select {
		case r := <-l.queue:
			l.serve(r)
		case <-l.quit:
			for len(l.queue) > 0 {
				l.serve(<-l.queue)
			}
			return
		}
	}
}

func (l *Log) serve(r *request) {
	w := l.writer
	if err := w.failure(); err != nil {
		r.done <- err
		return
	}
	w.add(r)
	for !w.full() {
		select {
		case r := <-l.queue:
			w.add(r)
			continue
		default:
		}
		break
	}
	w.commit()
}

// check refuses what could not be read back.
func check(e *gate.Entry) error {
	switch e.Kind {
	case gate.KindDecision, gate.KindResult, gate.KindCapability, gate.KindHost, gate.KindStrangers:
	default:
		return fmt.Errorf("%w: unknown kind %q", ErrInvalid, e.Kind)
	}
	switch e.Outcome {
	case gate.Success, gate.Failure, gate.Partial:
	default:
		return fmt.Errorf("%w: unknown outcome %q", ErrInvalid, e.Outcome)
	}
	if e.Actor == "" || e.Action == "" {
		return fmt.Errorf("%w: no actor or no action", ErrInvalid)
	}
	if e.Detail == nil {
		return nil
	}
	if err := strictjson.Check(e.Detail); err != nil {
		return fmt.Errorf("%w: detail: %w", ErrInvalid, err)
	}
	if !isObject(e.Detail) {
		return fmt.Errorf("%w: detail is not an object", ErrInvalid)
	}
	return nil
}
