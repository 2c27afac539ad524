package gate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bulkhead/abi"
)

func refuseAll(abi.AuthRequest) (abi.AuthAnswer, error) {
	return abi.AuthAnswer{Refused: "no\x1b[2J"}, nil
}

// knock authenticates from a peer and reports whether the auth plugin was spared.
func (w *world) knock(ctx context.Context, peer string) (throttled bool) {
	c := call()
	c.Peer = peer
	_, err := w.Gate.Authenticate(ctx, c)
	return errors.Is(err, ErrTooMany)
}

func TestStrangersCannotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.auth = refuseAll
		w.open(t)
		throttled := 0
		for range 1000 {
			if w.knock(t.Context(), "127.0.0.1") {
				throttled++
			}
		}
		if throttled != 1000-refusedBurst || w.asked != refusedBurst {
			t.Errorf("%d throttled, auth plugin asked %d times; want %d and %d", throttled, w.asked, 1000-refusedBurst, refusedBurst)
		}
		if w.knock(t.Context(), "192.0.2.1") {
			t.Error("a stranger of one network throttles another")
		}
		w.Gate.Close()
		var count int64
		for _, e := range w.entries {
			count += e.Count
			if strings.Contains(e.Reason, "\x1b") {
				t.Errorf("a stranger writes to the operator's terminal: %q", e.Reason)
			}
		}
		if len(w.entries) > 4 || count != 1001 {
			t.Errorf("%d entries count %d refusals, want at most 4 that count 1001", len(w.entries), count)
		}
		if r := w.entries[0].Reason; !strings.Contains(r, "unauthenticated; the last: auth auth: no") {
			t.Errorf("the summary does not say why: %q", r)
		}
	})
}

// The host's own clock stands still while it is not synchronised.
func TestThrottleAndSummariesOutliveAStoppedClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.auth = refuseAll
		w.open(t)
		for range 2 * refusedBurst {
			w.knock(t.Context(), "127.0.0.1")
		}
		time.Sleep(3*refusedEvery + refusedEvery/2)
		synctest.Wait()
		if w.knock(t.Context(), "127.0.0.1") {
			t.Error("throttled for ever")
		}
		if len(w.kinds()) != 2 {
			t.Errorf("%d summaries, want one for each class", len(w.kinds()))
		}
	})
}

func TestHangingUpEarlyCosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		w.auth = func(abi.AuthRequest) (abi.AuthAnswer, error) {
			cancel()
			return abi.AuthAnswer{}, ctx.Err()
		}
		w.open(t)
		for range 1000 {
			w.knock(ctx, "127.0.0.1")
		}
		if w.asked != refusedBurst {
			t.Errorf("the auth plugin was asked %d times, want %d", w.asked, refusedBurst)
		}
	})
}

func TestManyAtOnceRunUpADebt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStrangers(newWorld(t).Append, time.Now)
		var wg sync.WaitGroup
		for range 100 { // all admitted before the first is refused
			wg.Go(func() {
				if s.admit("192.0.2.1") {
					time.Sleep(time.Millisecond)
					s.refused("192.0.2.1", "unauthenticated", errors.New("no"))
				}
			})
		}
		wg.Wait()
		time.Sleep(refusedBurst * refusedEvery)
		if s.admit("192.0.2.1") {
			t.Error("the debt was forgotten")
		}
		time.Sleep(refusedEvery)
		if !s.admit("192.0.2.1") {
			t.Error("the debt is never paid")
		}
		s.close()
	})
}

func TestStrangersRememberAtMostSoMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entries := 0
		s := newStrangers(func(context.Context, Entry) (Receipt, error) {
			entries++
			return Receipt{}, nil
		}, time.Now)
		for i := range 3 * maxPrefixes {
			peer := fmt.Sprintf("2001:db8:%x:%x::1", i>>8, i&0xff)
			s.admit(peer)
			s.refused(peer, "unauthenticated", errors.New("no"))
		}
		if len(s.buckets) > maxPrefixes+1 || len(s.counts) > maxSummaries+1 || len(s.order) != len(s.counts) {
			t.Errorf("%d buckets, %d counts, %d in order", len(s.buckets), len(s.counts), len(s.order))
		}
		s.close()
		s.close()
		if entries > maxSummaries+1 {
			t.Errorf("%d entries", entries)
		}
	})
}
