package gate

import (
	"context"
	"net/netip"
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
// lasting flood. Nothing is dropped uncounted.
type strangers struct {
	record func(context.Context, Entry) (Receipt, error)
	now    func() time.Time
	stop   chan struct{}
	done   chan struct{}

	mu       sync.Mutex
	buckets  map[string]*bucket
	counts   map[strangerKey]*tally
	order    []strangerKey // keys of counts, oldest first
	interval time.Duration
	written  time.Time // when the last summary was written
	noted    time.Time
}

type bucket struct {
	tokens float64
	at     time.Time
}

type strangerKey struct{ prefix, class string }

type tally struct {
	n           int64
	first, last time.Time
}

func newStrangers(record func(context.Context, Entry) (Receipt, error), now func() time.Time) *strangers {
	s := &strangers{
		record: record, now: now, stop: make(chan struct{}), done: make(chan struct{}),
		buckets: map[string]*bucket{}, counts: map[strangerKey]*tally{}, interval: firstInterval,
	}
	go s.loop()
	return s
}

// admit reports whether the peer's prefix has refusals left. It spends none: callers who are known pass freely.
func (s *strangers) admit(peer string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bucket(prefix(peer)).tokens >= 1
}

// refused spends one refusal of the peer's prefix and counts it.
func (s *strangers) refused(peer string) {
	s.mu.Lock()
	if b := s.bucket(prefix(peer)); b.tokens >= 1 {
		b.tokens--
	}
	s.mu.Unlock()
	s.note(peer, "unauthenticated")
}

// bucket returns the prefix's bucket, filled up to now. The lock is held.
func (s *strangers) bucket(prefix string) *bucket {
	now := s.now()
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
	if d := now.Sub(b.at); d > 0 {
		b.tokens = min(refusedBurst, b.tokens+float64(d)/float64(refusedEvery))
	}
	b.at = now
	return b
}

// forget drops the buckets that are full again.
func (s *strangers) forget(now time.Time) {
	for p, b := range s.buckets {
		if now.Sub(b.at) >= refusedBurst*refusedEvery {
			delete(s.buckets, p)
		}
	}
}

// note counts one refusal for the next summary.
func (s *strangers) note(peer, class string) {
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
	t.last, s.noted = now, now
}

func (s *strangers) loop() {
	defer close(s.done)
	tick := time.NewTicker(firstInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.flush()
		case <-s.stop:
			return
		}
	}
}

// flush writes the oldest summary if it is time.
func (s *strangers) flush() {
	s.mu.Lock()
	now := s.now()
	switch {
	case now.Sub(s.noted) >= quietAfter:
		s.interval = firstInterval
	case now.Sub(s.written) < s.interval && !s.written.After(now):
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
	return Entry{
		Actor: "system/host", Action: "authenticate", Resource: k.prefix, Outcome: Failure, Kind: KindStrangers,
		Reason: k.class, Count: t.n, First: stamp(t.first), Last: stamp(t.last),
	}, true
}

// close writes every summary that is left.
func (s *strangers) close() {
	close(s.stop)
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

// prefix is what a peer is counted by: its /24 or /64, "stdio" without an address.
func prefix(peer string) string {
	if peer == "" {
		return "stdio"
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
