package audit

import (
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
)

// BenchmarkVerify says what reading a log costs: by the entry without its seals' signatures, and with them in a log of one
// entry to a batch, which is the worst.
func BenchmarkVerify(b *testing.B) {
	const n = 10_000
	dir := made(b, n)
	for _, c := range []struct {
		name   string
		change func(*Options)
	}{
		{"hashes", func(o *Options) { o.Verifier = nil }},
		{"signatures", func(*Options) {}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := verify(b, dir, c.change, func(o *Options) { o.Workers = 1 }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// BenchmarkGlance is the part of Verify that every entry costs: its hash, its members, its place in the tree.
func BenchmarkGlance(b *testing.B) {
	line := []byte(readFiles(b, folderOf(made(b, 2)))[segmentName(0)])
	line = line[:indexOfNewline(line)]
	var g glance
	var t tree.Tree
	var hashes []tlog.Hash
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if err := g.take(line); err != nil {
			b.Fatal(err)
		}
		hashes, _, _ = t.Append(g.leaf, hashes[:0], nil)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

func indexOfNewline(data []byte) int {
	for i, c := range data {
		if c == '\n' {
			return i
		}
	}
	return len(data)
}
