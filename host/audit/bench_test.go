package audit

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"
)

// BenchmarkAppend includes the fsync. With one producer it is the device's latency; with 64, group commit shares it.
func BenchmarkAppend(b *testing.B) {
	for _, producers := range []int{1, 64} {
		b.Run(fmt.Sprintf("producers=%d", producers), func(b *testing.B) {
			l := openIn(b, b.TempDir())
			work := make(chan struct{}, producers)
			var wg sync.WaitGroup
			for range producers {
				wg.Go(func() {
					for range work {
						if _, err := l.Append(ctx, note("bench")); err != nil {
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
		})
	}
}

// BenchmarkVerify says what reading a log costs, which every start pays.
func BenchmarkVerify(b *testing.B) {
	_, data := made(b, 500)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Verify(bytes.NewReader(data), nil); err != nil {
			b.Fatal(err)
		}
	}
}
