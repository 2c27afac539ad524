package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
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
	in    []byte // the worker's words, safe from it
	out   []byte // where the Host answers

	timer  *time.Timer // kills it
	late   bool        // the timer did
	dead   bool        // it must not be used again
	reason string      // what it died of
	blame  bool        // its death is the plugin's fault, not its caller's
	quiet  bool        // its log lines are not news
	panics uint64      // of the Host

	mu      sync.Mutex
	waiting bool // somebody sleeps until the worker answers
}

const (
	// stop is how long a worker may take to end a call that is over, before it is killed.
	stop = runtimes.Grace / 2
	// never is long enough for a timer that is set before it is needed.
	never = time.Hour
	// scratch holds a signature or evidence; a longer answer is the Host's to allocate.
	scratch = 4 << 10
)

var (
	errTime  = fmt.Errorf("%w: time", runtimes.ErrLimit)
	errLate  = errors.New("killed: it did not end in time")
	errFault = errors.New("killed: there was no page for its shared memory")
)

func newWorker(p *plugin, l *link, s *shared, peer peer, release func() error) *worker {
	w := &worker{link: l, shared: s, plugin: p, peer: peer, release: release}
	w.out = make([]byte, 0, scratch)
	w.timer = time.AfterFunc(never, peer.kill)
	w.timer.Stop()
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
		if n > keep {
			w.giveBack(i, n)
			w.in = nil
		}
	}
	w.most = [4]int{}
}

// over says why the call may not go on: its caller gave it up, or its time has passed.
func (w *worker) over() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if time.Now().Before(w.until) {
		return nil
	}
	if w.ours {
		return errTime
	}
	return context.DeadlineExceeded
}

// next waits for the worker's next frame.
func (w *worker) next() (frame, error) {
	ok, err := w.spin(hostSpin)
	if err == nil && !ok {
		stop := w.arm()
		err = w.sleep()
		w.disarm(stop)
		if w.late {
			err = errLate
		}
	}
	if err != nil {
		return frame{}, err
	}
	f := w.receive()
	if f.call != w.call {
		return f, brokenf("a frame of call %d during call %d", f.call, w.call)
	}
	if f.n > areaSize {
		return f, brokenf("a frame with %d bytes", f.n)
	}
	return f, nil
}

// arm sees to it that a worker does not keep its caller for longer than it may. Before that, nothing but the caller's own
// goroutine looks at the clock: most answers come while it spins.
func (w *worker) arm() (disarm func() bool) {
	w.mu.Lock()
	w.waiting = true
	w.mu.Unlock()
	w.timer.Reset(max(0, time.Until(w.until)) + stop)
	if w.ctx.Done() == nil {
		return nil
	}
	call := w.call
	return context.AfterFunc(w.ctx, func() { w.cancel(call) })
}

// cancel tells a worker that the caller has given its call up, and kills it if it does not listen.
func (w *worker) cancel(call uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.waiting { // the answer came first
		return
	}
	w.cancelled.Store(call)
	w.timer.Reset(min(0, time.Until(w.until)) + stop)
}

func (w *worker) disarm(stop func() bool) {
	w.mu.Lock()
	w.waiting = false
	w.mu.Unlock()
	if stop != nil {
		stop()
	}
	w.late = !w.timer.Stop()
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

// bury waits until a dead worker is gone, and frees the host's part of it.
func (w *worker) bury() {
	w.peer.kill()
	<-w.peer.gone()
	w.timer.Stop()
	w.mu.Lock() // the end of a context may be looking
	defer w.mu.Unlock()
	w.release()
}

// caught turns a fault of shared memory, for which the kernel has no page left, into a death of the worker: it would be the
// host's. To be deferred with what SetPanicOnFault(true) returned.
func (w *worker) caught(before bool, err *error) {
	debug.SetPanicOnFault(before)
	switch r := recover().(type) {
	case nil:
	case interface{ Addr() uintptr }:
		*err = w.fail(errFault)
	default:
		panic(r)
	}
}

// measure has the worker answer a request. After an error, dead says whether the worker lives.
func (w *worker) measure(ctx context.Context, until time.Time, dst, request []byte, u *runtimes.Usage) (answer []byte, last frame, err error) {
	w.begin(ctx, until)
	defer w.finish()
	defer w.caught(debug.SetPanicOnFault(true), &err)
	w.call++
	if w.call == 0 { // the id of loading
		w.call++
	}
	if ok, err := w.arrived(); ok || err != nil {
		return nil, frame{}, w.fail(brokenf("a frame that nobody asked for"))
	}
	w.most[areaRequest] = copy(w.area(areaRequest), request)
	left := uint64(max(0, time.Until(w.until)))
	err = w.send(frame{op: opCall, call: w.call, n: uint32(len(request)), time: left})
	if err == nil {
		last, err = w.serve()
	}
	if err != nil {
		return nil, frame{}, w.fail(err)
	}
	*u = runtimes.Usage{Fuel: last.fuel, Memory: last.memory, Reported: true}
	answer, err = w.answer(dst, last)
	return answer, last, err
}

// serve answers the worker's questions until a frame that is none.
func (w *worker) serve() (frame, error) {
	for {
		f, err := w.next()
		if err != nil || f.op != opAsk {
			return f, err
		}
		if err := w.reply(f); err != nil {
			return f, err
		}
	}
}

// answer takes the worker's last word of a call.
func (w *worker) answer(dst []byte, f frame) ([]byte, error) {
	w.most[areaAnswer] = int(f.n)
	words := w.area(areaAnswer)[:f.n]
	switch {
	case f.op == opAnswer && uint64(f.n) <= w.plugin.limits.Answer:
		if err := w.over(); err != nil {
			return nil, err
		}
		return append(dst, words...), nil
	case f.op == opFailed:
		return nil, w.failure(f.arg, words)
	}
	return nil, w.fail(brokenf("message %d with %d bytes for an answer", f.op, f.n))
}

// failure is the error of a call that the worker ended without an answer.
func (w *worker) failure(number uint32, words []byte) error {
	words = append([]byte(nil), words[:min(len(words), maxGuestText+1)]...)
	if err := checkText(number, words); err != nil {
		return w.fail(err)
	}
	over := w.over()
	if over == nil {
		over = w.ended
	}
	switch {
	case number == failEnded && over == nil:
		return w.fail(brokenf("the end of a call whose time has not passed"))
	case number == failSandbox:
		return w.fail(brokenf("failure %d of a call", number))
	case over != nil && (number == failEnded || w.ended != nil || w.ctx.Err() != nil):
		return over
	}
	return errorOf(number, string(words))
}
