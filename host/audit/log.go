// Package audit is the log: entries kept for ever, each chained to the one before, durable before anybody acts on them.
//
// # Durability
//
// Log implements gate.Log:
//
//   - When Append returns nil, the entry MUST be durable: written, sealed by the log's key and flushed to the device, and
//     all entries of lower index too. It MUST NOT return nil earlier.
//   - Its index MUST be unique, and MUST NOT change. Indices are contiguous from 0.
//   - When Append returns an error, the entry MAY nevertheless be in the log after a crash; the caller MUST NOT act as if
//     it were.
//   - Once the device has failed, every later Append MUST fail, until the log is opened again. The host MUST stop acting.
//   - An acknowledged entry MUST NOT be changed or removed, but for pruning. Open MUST refuse a log in which one was, as
//     far as it reads; what it cuts from the end it MUST keep aside and report by an entry.
//   - Every decision gets exactly one result. Open MUST write outcome partial for those that a crash left open.
//
// Callers append concurrently; whatever is queued is written, hashed into the tree, sealed and fsynced once. No delay is
// added: while one batch is on its way to the device the next gathers. Only proofs may wait for others, see notary.go.
//
// # Format
//
// README.md in this folder is normative. In short: segments of lines, one an entry, with a signed seal after each batch; the
// tiles of c2sp.org/tlog-tiles beside them, and the checkpoint. Open reads the last segment and the right edge of the tree;
// Verify reads everything.
//
// Whoever can write the files can replace them as a whole by older ones. A checkpoint saved elsewhere shows that; nothing
// here can prevent it.
package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

// The errors of Append.
var (
	ErrFailed  = errors.New("the log has failed and accepts no more entries")
	ErrClosed  = errors.New("the log is closed")
	ErrInvalid = errors.New("invalid entry") // the caller's mistake; the log goes on
)

// DefaultSegment is the size of a segment in bytes, if the configuration does not say.
const DefaultSegment = 8 << 20

// Config says where the log is and who signs it.
type Config struct {
	Dir         string             // the log's folder; made if it is missing, its parent must exist
	Signer      *checkpoint.Signer // required
	Public      []byte             // the signer's public key file, of which the folder keeps a copy; may be nil
	Now         func() time.Time   // nil: time.Now
	Development bool               // the host holds development keys: every entry says so
	SegmentSize int64              // bytes after which a segment ends; 0: DefaultSegment
	SignEach    []string           // events (or class.*) whose entries are signed one by one too

	wrap func(file) file // tests put faults here
}

// publishEvery is how old the published checkpoint may be while entries come in.
const publishEvery = time.Second

// A Log appends entries. It is safe for concurrent use.
type Log struct {
	writer    *writer
	lock      *os.File // the folder, locked
	queue     chan *request
	quit      chan struct{} // closed by Close
	done      chan struct{} // closed when the writer's goroutine has ended
	closeOnce sync.Once
	closeErr  error
	pruning   sync.Mutex
}

// Open opens the log in c.Dir, creating it with mode 0700 if there is none, and takes a lock that lasts until Close. It
// reads the last segment and what it rests on, and refuses a log that is not whole with a *Problem; see Recovery in
// recover.go for the one damage that a crash explains. When it returns, all that was read is durable. The log must be
// closed.
func Open(c Config) (*Log, error) {
	l, err := open(c)
	if err != nil {
		return nil, fmt.Errorf("opening the log %s: %w", c.Dir, err)
	}
	return l, nil
}

func open(c Config) (*Log, error) {
	if c.Signer == nil {
		return nil, errors.New("nobody signs it")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.SegmentSize <= 0 {
		c.SegmentSize = DefaultSegment
	}
	if c.wrap == nil {
		c.wrap = func(f file) file { return f }
	}
	if _, err := os.Lstat(filepath.Join(filepath.Dir(c.Dir), oldName)); err == nil {
		return nil, fmt.Errorf("beside it lies %s, a log of an earlier version, which this one does not read\nhint: move it away, it stays as it is", oldName)
	}
	root, lock, err := claimFolder(c.Dir)
	if err != nil {
		return nil, err
	}
	w, err := recoverLog(c, root)
	if err != nil {
		return nil, errors.Join(err, lock.Close(), root.Close())
	}
	l := &Log{writer: w, lock: lock, queue: make(chan *request, maxQueue), quit: make(chan struct{}), done: make(chan struct{})}
	go l.run()
	return l, nil
}

// Append implements gate.Log. It waits for room in the queue, until ctx is done, and then for the device. The entry's
// Detail, if any, must be one JSON object; what a rotation or a pruning did only the log itself says. Receipts of results have
// a Prover.
func (l *Log) Append(ctx context.Context, e gate.Entry) (gate.Receipt, error) {
	if err := check(&e); err != nil {
		return gate.Receipt{}, err
	}
	if e.Event == gate.AuditRotate || e.Event == gate.AuditPrune {
		return gate.Receipt{}, fmt.Errorf("%w: %s is the log's own word", ErrInvalid, e.Event)
	}
	return l.push(ctx, e)
}

// push is Append for entries of the log's own too.
func (l *Log) push(ctx context.Context, e gate.Entry) (gate.Receipt, error) {
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

// Head returns the tree head of what is durable.
func (l *Log) Head() checkpoint.Head { return l.writer.last.Load().head }

// Time returns the timestamp of the last durable entry, the zero time for an empty log. No later entry is older.
func (l *Log) Time() time.Time { return l.writer.last.Load().time }

// Checkpoint returns the published checkpoint, nil if nothing was ever published. It is at most a second older than Head.
func (l *Log) Checkpoint() []byte {
	if p := l.writer.published.Load(); p != nil {
		return p.note
	}
	return nil
}

// Published returns when the published checkpoint was signed, and false if there is none.
func (l *Log) Published() (time.Time, bool) {
	note := l.Checkpoint()
	if note == nil {
		return time.Time{}, false
	}
	return l.writer.Signer.Verifier().Published(note)
}

// Failed returns a channel that is closed when the device has failed. The host must then stop acting.
func (l *Log) Failed() <-chan struct{} { return l.writer.failed }

// Err returns why the log has failed, wrapping ErrFailed, and nil while it works.
func (l *Log) Err() error { return l.writer.failure() }

// Close waits for queued entries to become durable, publishes the last checkpoint and gives the folder and its lock back.
// It may be called again.
func (l *Log) Close() error {
	l.closeOnce.Do(func() {
		close(l.quit)
		<-l.done
		l.pruning.Lock() // a pruning that has begun ends
		defer l.pruning.Unlock()
		l.closeErr = errors.Join(l.writer.close(), l.lock.Close())
	})
	return l.closeErr
}

// run commits whatever is queued.
func (l *Log) run() {
	defer close(l.done)
	publish := time.NewTicker(publishEvery)
	defer publish.Stop()
	for {
		select {
		case r := <-l.queue:
			l.serve(r)
		case <-publish.C:
			if l.Err() == nil {
				if err := l.writer.publish(); err != nil {
					l.writer.giveUp(err)
				}
			}
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
	for !w.complete() {
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

// eventName is what events may be called.
var eventName = regexp.MustCompile(`^[a-z]{1,32}\.[a-z]{1,32}$`)

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
	if !eventName.MatchString(string(e.Event)) {
		return fmt.Errorf("%w: %q is no event", ErrInvalid, e.Event)
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
