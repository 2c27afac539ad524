package audit

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"

	"bulkhead/host/audit/tree"
)

// BenchmarkVerify says what one core makes of a log. The seals' signatures cost as much as a dozen entries each, so the size
// of batches matters: one entry is the worst. A second of the processor is the figure that other work on it does not change.
func BenchmarkVerify(b *testing.B) {
	const n = 1 << 15
	for _, batch := range []int{1, 16, 256} {
		dir := b.TempDir()
		built(b, n, batch).write(b, folderOf(dir))
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) { perEntry(b, n, func() { benchmarkVerify(b, dir, testVerifier(b)) }) })
		if batch == 256 {
			b.Run("unsigned", func(b *testing.B) {
				perEntry(b, n, func() { benchmarkVerify(b, dir, func(o *Options) { o.Verifier = nil }) })
			})
		}
	}
}

func testVerifier(b *testing.B) func(*Options) {
	return func(o *Options) { o.Verifier = testSigner(b).Verifier() }
}

func benchmarkVerify(b *testing.B, dir string, change func(*Options)) {
	if _, err := verify(b, dir, change, func(o *Options) { o.Workers = 1 }); err != nil {
		b.Fatal(err)
	}
}

// perEntry measures f, which reads n entries.
func perEntry(b *testing.B, n int, f func()) {
	before := processorTime(b)
	for b.Loop() {
		f()
	}
	all := float64(n) * float64(b.N)
	b.ReportMetric(all/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(all/(processorTime(b)-before).Seconds(), "entries/cpu-s")
}

func processorTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkGlance is the part of Verify that every entry costs: its hashes, its members, its place in the tree.
func BenchmarkGlance(b *testing.B) {
	line, _, _ := bytes.Cut([]byte(built(b, 1, 1)[segmentName(0)]), []byte("\n"))
	var g glance
	var t tree.Tree
	var hashes []tlog.Hash
	b.SetBytes(int64(len(line)))
	perEntry(b, 1, func() {
		if err := g.take(line); err != nil {
			b.Fatal(err)
		}
		hashes, _, _ = t.Append(g.leaf, hashes[:0], nil)
	})
}
