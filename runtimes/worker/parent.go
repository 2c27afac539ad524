package worker

import (
	"context"
	"errors"
	"io"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// A peer is what must die if it misbehaves.
type peer interface {
	kill()                 // at once; it may be dead
	gone() <-chan struct{} // closed when nothing of it is left
	why() string           // what it died of, once it is gone
}

// A worker is the host's side of one. Whoever has taken it from the pool has it alone, but for the timer and the end of
// the caller's context, which may kill it.
type worker struct {
	*link
	*shared
	plugin    *plugin
	isolation isolation
	peer      peer
	release   func() error // frees what the host has of it, once it is gone

	call  uint32 // id of the call at work, 0 while loading
	ctx   context.Context
	until time.Time // of the call: its own limit, or its caller's if that is sooner
	ours  bool      // it is its own limit
	ended error     // why the worker was told that the call is over
	lent  *runtimes.Lent
	ratio abi.Ratio
	most  [4]int // bytes of each area that were in use
	held  [4]int // bytes of each area that may have pages
	in    []byte // the worker's words, safe from it
	out   []byte // where the Host answers

	resting bool // a timer looks soon whether it is idle; the pool's

	timer  *time.Timer // kills it
	late   bool        // the timer did
	dead   bool        // it must not be used again
	reason string      // what it died of
	blame  bool        // its death is the plugin's fault, not its caller's
	quiet  bool        // its log lines are not news
	panics uint64      // of the Host

	watched context.Context // the one whose end is heard
	unwatch func() bool

	mu       sync.Mutex
	awaiting context.Context // of who sleeps until the worker answers
	awaited  uint32          // the call that it sleeps for
}

// scratch holds a signature or evidence; a longer answer is the Host's to allocate.
const scratch = 4 << 10

var errFault = errors.New("killed: there was no page for its shared memory")

func newWorker(p *plugin, l *link, s *shared, peer peer, release func() error) *worker {
	w := &worker{link: l, shared: s, plugin: p, peer: peer, release: release}
	w.out = make([]byte, 0, scratch)
	w.timer = time.AfterFunc(never, peer.kill)
	w.timer.Stop()
	w.unwatch = func() bool { return false }
	return w
}

// begin starts a conversation for a caller that lasts until a time.
func (w *worker) begin(ctx context.Context, until time.Time) {
	w.ctx, w.until, w.ours, w.ended = ctx, until, true, nil
	if d, ok := ctx.Deadline(); ok && d.Before(until) {
		w.until, w.ours = d, false
	}
}

// finish ends a conversation.
func (w *worker) finish() {
	if w.lent != nil {
		w.lent.GiveBack()
	}
	w.ctx, w.lent, w.ratio = nil, nil, abi.Ratio{}
	if w.dead {
		return
	}
	for i, n := range w.most {
		w.held[i] = max(w.held[i], n)
	}
	w.most = [4]int{}
	if cap(w.in) > keep {
		w.in = nil
	}
}

// large reports whether the areas have more pages than an idle worker keeps.
func (w *worker) large() bool { return slices.Max(w.held[:]) > keep }

// shrink frees them.
func (w *worker) shrink() {
	for i, n := range w.held {
		w.giveBack(i, n)
	}
	w.held = [4]int{}
}

// fail turns what went wrong with the worker into the call's error. The worker is not used again.
func (w *worker) fail(err error) error {
	w.peer.kill()
	if errors.Is(err, io.EOF) && !w.late {
		err = errors.New(w.obituary())
	}
	w.dead, w.reason = true, line(err.Error())
	over := w.over()
	w.blame = !w.late || errors.Is(over, runtimes.ErrLimit)
	if over != nil {
		return over
	}
	return died(w.reason)
}

// obituary waits a little for what the worker died of.
func (w *worker) obituary() string {
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-w.peer.gone():
		return w.peer.why()
	case <-t.C:
		return "no longer there"
	}
}

// A fault is what the runtime panics with.
type fault interface{ Addr() uintptr }

// bury waits until a dead worker is gone, and frees the host's part of it.
func (w *worker) bury() {
	w.peer.kill()
	<-w.peer.gone()
	w.timer.Stop()
	w.unwatch()
	w.mu.Lock() // the end of a context may be looking
	defer w.mu.Unlock()
	w.release()
}

// caught turns a fault of shared memory, for which the kernel has no page left, into a death of the worker: it would be the
// host's. A fault in the memory of another worker, for which this one works, is none of its doing. To be deferred with
// what SetPanicOnFault(true) returned.
func (w *worker) caught(before bool, err *error) {
	debug.SetPanicOnFault(before)
	switch r := recover().(type) {
	case nil:
	case fault:
		if *err = runtimes.ErrNoPage; w.has(r.Addr()) {
			*err = w.fail(errFault)
		}
	default:
		panic(r)
	}
}
