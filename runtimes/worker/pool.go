package worker

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"bulkhead/runtimes"
)

// A pool has the workers of one plugin. A call takes the one that was used last, whose pages are warm, or waits in a
// queue. Workers are started one at a time and never by a caller: when all are at work and more are allowed, and when one
// has died. Who waits gets whichever is free first.
type pool struct {
	launch    func() (*worker, error)
	startTime time.Duration
	now       func() time.Time
	most      int
	told      func(runtimes.Status) // of quarantines; may be nil
	life      context.Context       // of workers that are being started: until Close
	end       context.CancelFunc

	mu       sync.Mutex
	idle     []*worker // the last one was used last
	alive    int       // workers, at work or idle
	starting bool      // one more is on its way
	queue    []*waiter // the first one came first
	sick     quarantine
	counts   runtimes.Status
	closed   bool
	users    int           // calls, starts and burials going on, and one until Close
	over     chan struct{} // closed when users is 0 and all is freed
	free     func() error  // frees what the plugin has
}

// A waiter is a call in the queue.
type waiter struct{ ready chan handout }

// A handout is a worker, or the reason why there is none.
type handout struct {
	worker *worker
	err    error
}

// take returns a worker for a call that lasts until a time at most.
func (p *pool) take(ctx context.Context, until time.Time) (*worker, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, runtimes.ErrClosed
	}
	if !p.sick.until.IsZero() {
		if err := p.sick.refuse(p.now()); err != nil {
			p.counts.Calls++
			p.mu.Unlock()
			return nil, err
		}
	}
	p.users++
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return w, nil
	}
	q := &waiter{ready: make(chan handout, 1)}
	p.queue = append(p.queue, q)
	p.grow()
	p.mu.Unlock()
	return p.await(ctx, q, until)
}

// await waits in the queue.
func (p *pool) await(ctx context.Context, q *waiter, until time.Time) (*worker, error) {
	t := time.NewTimer(time.Until(until))
	defer t.Stop()
	var err error
	select {
	case h := <-q.ready:
		if h.err == nil {
			return h.worker, nil
		}
		err = h.err
	case <-ctx.Done():
		err = ctx.Err()
	case <-t.C:
		err = fmt.Errorf("%w waiting for a worker", errTime)
	}
	p.mu.Lock()
	p.queue = slices.DeleteFunc(p.queue, func(o *waiter) bool { return o == q })
	select {
	case h := <-q.ready: // both at once
		if h.worker != nil {
			p.hand(h.worker)
		}
	default:
	}
	if p.closed && len(p.queue) == 0 {
		p.end()
	}
	p.counts.Calls++
	p.leave()
	return nil, err
}

// put returns a worker after a call whose last frame is f.
func (p *pool) put(w *worker, f frame) {
	p.mu.Lock()
	p.counts.Calls++
	p.counts.Dropped += uint64(f.dropped)
	p.counts.Replaced += uint64(f.replaced)
	p.counts.Panics += w.panics
	w.panics = 0
	p.rest(w)
	p.hand(w)
	p.leave()
}

// add brings a new worker. The caller holds mu.
func (p *pool) add(w *worker) {
	p.alive++
	p.hand(w)
	go func() {
		<-w.peer.gone()
		p.found(w)
	}()
}

// hand gives a worker to who has waited longest, or keeps it. A dead one is buried. The caller holds mu.
func (p *pool) hand(w *worker) {
	if !w.dead {
		select {
		case <-w.peer.gone():
			w.dead, w.blame, w.reason = true, true, w.peer.why()
		default:
		}
	}
	switch {
	case w.dead:
		p.lose(w)
	case len(p.queue) > 0:
		p.queue[0].ready <- handout{worker: w}
		p.queue = p.queue[1:]
	default:
		p.idle = append(p.idle, w)
	}
}

// lose counts a death and starts a worker instead. The caller holds mu.
func (p *pool) lose(w *worker) {
	p.alive--
	p.users++
	go func() {
		w.bury()
		p.mu.Lock()
		p.leave()
	}()
	p.mourn(w.reason, w.blame)
	if p.alive < p.most {
		p.start()
	}
}

// mourn counts a death, which may put the plugin in quarantine. The caller holds mu.
func (p *pool) mourn(reason string, blame bool) {
	p.counts.Deaths++
	p.counts.Reason = reason
	if !blame {
		return
	}
	p.sick.died(p.now(), reason)
	if err := p.sick.refuse(p.now()); err != nil {
		for _, q := range p.queue {
			q.ready <- handout{err: err}
		}
		p.queue = nil
		p.tell()
	}
}

// tell says that a quarantine begins. The caller holds mu.
func (p *pool) tell() {
	if p.told == nil {
		return
	}
	s := p.status()
	p.users++
	go func() {
		p.told(s)
		p.mu.Lock()
		p.leave()
	}()
}

// found is told that a worker's process is gone. If it was idle, nobody else would notice.
func (p *pool) found(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.idle, w); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
		p.hand(w)
	}
}

// grow starts a worker if somebody waits and there may be more. The caller holds mu.
func (p *pool) grow() {
	if len(p.queue) > 0 && p.alive < p.most {
		p.start()
	}
}

// start starts a worker off the call path, unless one is on its way, nobody may call, or the pool is closed and nobody
// waits. The caller holds mu.
func (p *pool) start() {
	if p.starting || p.closed && len(p.queue) == 0 || p.sick.refuse(p.now()) != nil {
		return
	}
	p.starting = true
	p.users++
	go func() {
		w, err := p.fresh()
		p.mu.Lock()
		p.starting = false
		switch {
		case err == nil:
			p.add(w)
		case p.life.Err() == nil:
			p.mourn(line(err.Error()), true)
		}
		p.grow()
		p.leave()
	}()
}

// fresh starts one more worker of a plugin that has had one.
func (p *pool) fresh() (*worker, error) {
	w, err := p.launch()
	if err != nil {
		return nil, err
	}
	if _, _, err := w.load(p.life, time.Now().Add(p.startTime), true, false); err != nil {
		w.bury()
		return nil, err
	}
	return w, nil
}

// leave ends one use of the pool, and unlocks mu. The last one frees everything.
func (p *pool) leave() {
	p.users--
	if p.users > 0 {
		p.mu.Unlock()
		return
	}
	idle := p.idle
	p.idle, p.alive = nil, 0
	p.mu.Unlock()
	p.end()
	for _, w := range idle {
		w.peer.kill()
	}
	for _, w := range idle {
		w.bury()
	}
	p.free()
	close(p.over)
}

// Close implements runtimes.Module. If ctx is done first, it returns ctx's error and the last running call frees the
// module.
func (p *pool) Close(ctx context.Context) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
	} else {
		p.closed = true
		if len(p.queue) == 0 {
			p.end() // nobody waits for the worker that is being started
		}
		p.leave()
	}
	select {
	case <-p.over:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-p.over: // both at once: what matters is that it is free
		return nil
	default:
		return ctx.Err()
	}
}

// Status implements runtimes.Reporter.
func (p *pool) Status() runtimes.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status()
}

// status is Status; the caller holds mu.
func (p *pool) status() runtimes.Status {
	s := p.counts
	s.Instances, s.Idle = p.alive, len(p.idle)
	if now := p.now(); now.Before(p.sick.until) {
		s.Quarantined = p.sick.until
	}
	return s
}
