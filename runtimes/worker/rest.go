package worker

import (
	"slices"
	"time"
)

// soonIdle is when somebody looks whether a worker that was given much has anything to do.
const soonIdle = time.Second

// rest sees to it that a worker gives its pages back when it has nothing to do. The caller holds mu, and has the worker.
func (p *pool) rest(w *worker) {
	if !w.dead && !w.resting && w.large() {
		w.resting = true
		time.AfterFunc(soonIdle, func() { p.relieve(w) })
	}
}

// relieve frees the pages of a worker that is idle. One that is not is looked at again after its call.
func (p *pool) relieve(w *worker) {
	p.mu.Lock()
	w.resting = false
	i := slices.Index(p.idle, w)
	if i < 0 {
		p.mu.Unlock()
		return
	}
	p.idle = slices.Delete(p.idle, i, i+1)
	p.users++
	p.mu.Unlock()
	w.shrink()
	p.mu.Lock()
	p.hand(w)
	p.leave()
}
