package gate

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// The limits that keep strangers from filling the log or the auth plugin's time.
const (
	refusedBurst  = 20               // refusals that an address prefix may cause at once
	refusedEvery  = time.Second      // and one more after each of these
	maxPrefixes   = 4096             // prefixes told apart; the rest share one bucket
	maxSummaries  = 256              // (prefix, class) pairs counted apart; the rest share one
	firstInterval = time.Second      // between two summaries
	lastInterval  = time.Minute      // the same under a flood that goes on: it doubles from first to last
	quietAfter    = 10 * time.Second // without refusals, after which firstInterval counts again
)

// strangers counts refused peers, slows them down, and writes summaries: at most one entry a second, less under a
// lasting flood. Nothing is dropped uncounted. Time that passes is measured by the monotonic clock: the wall clock may
// stand still or jump, and would then lock peers out or let them in.
type strangers struct {
	record func(context.Context, Entry) (Receipt, error)
	now    func() time.Time // for what the log says
	stop   func()
	done   chan struct{}

	mu       sync.Mutex
	buckets  map[string]*bucket
	swept    time.Time // when forget last went through them all
	counts   map[strangerKey]*tally
	order    []strangerKey // keys of counts, oldest first
	interval time.Duration
	written  time.Time // when the last summary was written
	noted    time.Time // when the last refusal was counted
}

type bucket struct {
	tokens float64
	at     time.Time
}

type strangerKey struct{ prefix, class string }

type tally struct {
	n           int64
	first, last time.Time
	cause       error // of the last one; nil: the class says it all
}

func newStrangers(record func(context.Context, Entry) (Receipt, error), now func() time.Time) *strangers {
	stop := make(chan struct{})
	s := &strangers{
		record: record, now: now, stop: sync.OnceFunc(func() { close(stop) }), done: make(chan struct{}),
		buckets: map[string]*bucket{}, counts: map[strangerKey]*tally{}, interval: firstInterval,
	}
	go s.loop(stop)
	return s
}

// admit reports whether the peer's prefix has refusals left. It spends none: callers who are known pass freely.
func (s *strangers) admit(peer string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bucket(prefix(peer)).tokens >= 1
}

// refused spends one refusal of the peer's prefix and counts it. Those who were admitted at the same moment run up a
// debt, so that many at once gain little over one after the other.
func (s *strangers) refused(peer, class string, cause error) {
	s.mu.Lock()
	b := s.bucket(prefix(peer))
	b.tokens = max(b.tokens-1, -refusedBurst)
	s.mu.Unlock()
	s.note(peer, class, cause)
}

// bucket returns the prefix's bucket, filled up to now. The lock is held.
func (s *strangers) bucket(prefix string) *bucket {
	now := time.Now()
	b := s.buckets[prefix]
	if b == nil && len(s.buckets) >= maxPrefixes {
		s.forget(now)
		if len(s.buckets) >= maxPrefixes {
			prefix, b = "other", s.buckets["other"]
		}
	}
	if b == nil {
		b = &bucket{refusedBurst, now}
		s.buckets[prefix] = b
	}
	b.fill(now)
	return b
}

func (b *bucket) fill(now time.Time) {
	b.tokens = min(refusedBurst, b.tokens+float64(now.Sub(b.at))/float64(refusedEvery))
	b.at = now
}

// forget drops the buckets that are full again. There may be none, so it looks no oftener than one can fill.
func (s *strangers) forget(now time.Time) {
	if now.Sub(s.swept) < refusedEvery {
		return
	}
	s.swept = now
	for p, b := range s.buckets {
		if b.fill(now); b.tokens >= refusedBurst {
			delete(s.buckets, p)
		}
	}
}

// maxCause is how much of a cause a summary takes, in bytes: it may quote a stranger.
const maxCause = 200

// note counts one refusal for the next summary.
func (s *strangers) note(peer, class string, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	k := strangerKey{prefix(peer), class}
	if s.counts[k] == nil && len(s.counts) >= maxSummaries {
		k = strangerKey{"other", class}
	}
	t := s.counts[k]
	if t == nil {
		t = &tally{first: now}
		s.counts[k] = t
		s.order = append(s.order, k)
	}
	t.n++
	t.last, t.cause, s.noted = now, cause, time.Now()
}

func (s *strangers) loop(stop <-chan struct{}) {
	defer close(s.done)
	tick := time.NewTicker(firstInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.flush()
		case <-stop:
			return
		}
	}
}

// flush writes the oldest summary if it is time.
func (s *strangers) flush() {
	s.mu.Lock()
	now := time.Now()
	switch {
	case now.Sub(s.noted) >= quietAfter:
		s.interval = firstInterval
	case now.Sub(s.written) < s.interval:
		s.mu.Unlock()
		return
	}
	e, ok := s.take()
	if ok {
		s.written = now
		s.interval = min(2*s.interval, lastInterval)
	}
	s.mu.Unlock()
	if ok {
		// A log that fails stops the whole host; there is nobody else to tell.
		_, _ = s.record(context.Background(), e)
	}
}

// take removes the oldest tally. The lock is held.
func (s *strangers) take() (Entry, bool) {
	if len(s.order) == 0 {
		return Entry{}, false
	}
	k := s.order[0]
	t := s.counts[k]
	s.order = s.order[1:]
	delete(s.counts, k)
	reason := k.class
	if t.cause != nil {
		reason += "; the last: " + escape(t.cause.Error(), maxCause)
	}
	return Entry{
		Actor: "system/host", Action: "authenticate", Resource: k.prefix, Outcome: Failure, Kind: KindStrangers, Event: AuthFailure,
		Reason: reason, Count: t.n, First: stamp(t.first), Last: stamp(t.last),
	}, true
}

// close writes every summary that is left. It may be called again.
func (s *strangers) close() {
	s.stop()
	<-s.done
	for {
		s.mu.Lock()
		e, ok := s.take()
		s.mu.Unlock()
		if !ok {
			return
		}
		if _, err := s.record(context.Background(), e); err != nil {
			return
		}
	}
}

// prefix is what a peer is counted by: its /24 or /64, its user id on this machine (uid:N), "stdio" without either.
func prefix(peer string) string {
	if peer == "" {
		return "stdio"
	}
	if strings.HasPrefix(peer, "uid:") {
		return peer
	}
	a, err := netip.ParseAddr(peer)
	if err != nil {
		return "unknown"
	}
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return p.String()
}
