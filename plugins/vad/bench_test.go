package vad

import (
	"slices"
	"testing"
	"time"

	"bulkhead/runtimes"
)

// BenchmarkFrame is one frame through the sandbox: clean instance, metering, copies. The variants take turns, and each reports the
// 20th percentile of its calls, as what other programs do on the machine adds to most of them.
func BenchmarkFrame(b *testing.B) {
	weights, request := readWeights(b), read(b, "testdata/frame.f32")
	all := variants()
	modules := make([]runtimes.Module, len(all))
	for i := range all {
		modules[i] = all[i].mustLoad(b, weights)
	}
	times := make([][]time.Duration, len(all))
	answer := make([]byte, 0, answerSize)
	for b.Loop() {
		for i, m := range modules {
			start := time.Now()
			var err error
			if answer, err = m.Call(b.Context(), answer[:0], request); err != nil {
				b.Fatal(err)
			}
			times[i] = append(times[i], time.Since(start))
		}
	}
	for i, t := range times {
		slices.Sort(t)
		b.ReportMetric(float64(t[len(t)/5])/1000, all[i].name+"-µs")
		b.ReportMetric(float64(t[0])/1000, all[i].name+"-min")
	}
}
