package audit

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// BenchmarkAppend includes the fsync. With one producer it is the device's latency; with more, group commit shares it.
func BenchmarkAppend(b *testing.B) {
	for _, producers := range []int{1, 8, 64, 256} {
		for _, prove := range []bool{false, true} {
			b.Run(fmt.Sprintf("producers=%d/prove=%v", producers, prove), func(b *testing.B) { benchmarkAppend(b, producers, prove) })
		}
	}
}

func benchmarkAppend(b *testing.B, producers int, prove bool) {
	l := openIn(b, b.TempDir())
	work := make(chan struct{}, producers)
	var wg sync.WaitGroup
	for range producers {
		wg.Go(func() {
			for range work {
				if err := appendOne(l, prove); err != nil {
					b.Error(err)
				}
			}
		})
	}
	start := time.Now()
	for b.Loop() {
		work <- struct{}{}
	}
	close(work)
	wg.Wait()
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "entries/s")
}

func appendOne(l *Log, prove bool) error {
	e := note("bench")
	if prove {
		e = result("c")
	}
	r, err := l.Append(ctx, e)
	if err != nil || !prove {
		return err
	}
	_, _, err = r.Prover.Prove()
	return err
}

// BenchmarkOpen says what a start costs that reads a whole segment of the default size.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	l := openIn(b, dir)
	for len(content(b, dir, firstSegment)) < DefaultSegment*3/4 {
		fill(b, l, l.Head().Size+1000)
	}
	mustClose(b, l)
	b.SetBytes(int64(len(content(b, dir, firstSegment))))
	for b.Loop() {
		mustClose(b, openIn(b, dir))
	}
}
