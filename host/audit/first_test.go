package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bulkhead/host/checkpoint"
)

func TestFirst(t *testing.T) {
	dir := t.TempDir()
	small := func(c *Config) { c.SegmentSize = 20000 }
	l := openIn(t, dir, small)
	for i := range 3000 {
		_ = i
		if i%3 == 0 {
			mustAppend(t, l, decision(fmt.Sprint("c", i)))
			continue
		}
		r := mustAppend(t, l, result(fmt.Sprint("c", i-1)))
		entry, proof, err := r.Prover.Prove()
		if err != nil {
			t.Fatal(err)
		}
		p, err := checkpoint.ParseProof([]byte(proof))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := testSigner(t).Verifier().Check(p, []byte(entry)); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, l)
	start := time.Now()
	l = openIn(t, dir, small)
	t.Log("open", time.Since(start), l.Head().Size)
	names, _ := os.ReadDir(filepath.Join(dir, FolderName))
	for _, n := range names {
		i, _ := n.Info()
		t.Log(n.Name(), i.Size())
	}
	t.Logf("%s", l.Checkpoint()[:200])
	for _, p := range []string{"tile/0/000", "tile/0/001", "tile/1/000.p/3", "tile/entries/000.p/7", "tile/entries/003"} {
		data, err := l.Tile(p)
		t.Log(p, len(data), err)
	}
	p, err := l.Prune(ctx, time.Now(), nil)
	t.Logf("%+v %v", p, err)
	mustClose(t, l)
	l = openIn(t, dir, small)
	mustAppend(t, l, note("x"))
}

func BenchmarkAppend(b *testing.B) {
	for _, producers := range []int{1, 8, 64, 256} {
		for _, prove := range []bool{false, true} {
			b.Run(fmt.Sprintf("producers=%d/prove=%v", producers, prove), func(b *testing.B) {
				l := openIn(b, b.TempDir())
				work := make(chan struct{}, producers)
				var wg sync.WaitGroup
				for range producers {
					wg.Go(func() {
						for range work {
							e := note("bench")
							if prove {
								e = result("c")
							}
							r, err := l.Append(ctx, e)
							if err != nil {
								b.Error(err)
							}
							if prove {
								if _, _, err := r.Prover.Prove(); err != nil {
									b.Error(err)
								}
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
}
