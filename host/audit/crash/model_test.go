package crash

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bulkhead/host/audit"
)

// The model test: random operations on a log beside a model of it in memory. Crashes must lose nothing and be repaired;
// damage must be reported, with its class; and nothing else may be.
func TestModel(t *testing.T) {
	seed := seeded(t)
	m := newTemplate(t, beforeThird)
	done, all, counts := 0, length(5_000, 100_000), map[string]int{}
	limit := time.Now().Add(8 * time.Second)
	if all != 5_000 {
		limit = limit.Add(24 * time.Hour)
	}
	for life := 0; done < all && time.Now().Before(limit); life++ {
		w := &world{template: m, counts: counts, limit: limit, r: chance(seed, life)}
		if err := w.live(t, &done); err != nil {
			t.Fatalf("life %d: %v", life, err)
		}
	}
	t.Logf("%d operations: %v", done, counts)
}

// operations is how many a log gets before another begins.
const operations = 60

// A world is a log and what is known of it.
type world struct {
	template
	r      *rand.Rand
	counts map[string]int
	limit  time.Time
	job    job
	log    *audit.Log
	acked  acks
	names  int // entries that the model made
	kept   []keptNote
}

// A keptNote is a checkpoint that somebody kept elsewhere, with the folder of that time.
type keptNote struct {
	note []byte
	size uint64
}

// live makes a log and lets it live.
func (w *world) live(t *testing.T, done *int) error {
	t.Helper()
	w.job, w.acked = w.copied(t), maps.Clone(w.template.acked)
	w.job.Life, w.job.Prune = "model", true
	defer func() {
		if w.log != nil {
			w.log.Close()
		}
		os.RemoveAll(filepath.Dir(w.job.Dir))
	}()
	var err error
	if w.log, err = openLog(w.job); err != nil {
		return err
	}
	history := []string{}
	for range operations {
		if time.Now().After(w.limit) {
			break
		}
		name, op := w.choose()
		history = append(history, name)
		w.counts[name]++
		*done++
		if err := op(t); err != nil {
			return fmt.Errorf("%v: %w", history, err)
		}
	}
	return nil
}

func (w *world) choose() (string, func(*testing.T) error) {
	switch n := w.r.IntN(20); {
	case n < 6:
		return "append", w.append
	case n < 8:
		return "publish", w.publish
	case n < 9:
		return "prune", w.prune
	case n < 12:
		return "crash", w.crash
	}
	d := damages()[w.r.IntN(len(damages()))]
	return d.name, func(t *testing.T) error { return w.damage(t, d) }
}

// append adds a batch or a few; now and then so much that a segment ends.
func (w *world) append(*testing.T) error {
	n := 1 + w.r.IntN(20)
	if w.r.IntN(8) == 0 {
		n = 256
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	var failure error
	for range n {
		w.names++
		name := w.names
		all.Go(func() {
			for _, e := range entries(w.job, name, name%2) {
				r, err := w.log.Append(context.Background(), e)
				mu.Lock()
				if err != nil {
					failure = err
				} else {
					w.acked[r.Index] = r.Hash
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return failure
}

// publish closes the log, which publishes, and opens it again.
func (w *world) publish(*testing.T) error {
	if err := w.log.Close(); err != nil {
		return err
	}
	if err := w.whole(); err != nil {
		return err
	}
	return w.reopen()
}

// reopen keeps the closed log's checkpoint and opens the log.
func (w *world) reopen() error {
	note, err := os.ReadFile(filepath.Join(w.job.Dir, audit.CheckpointName))
	if err != nil {
		return err
	}
	w.kept = append(w.kept, keptNote{note, w.log.Head().Size})
	w.log, err = openLog(w.job)
	return err
}

// whole says what is wrong with the closed log; nothing may be.
func (w *world) whole() error {
	if err := verifyLog(w.job); err != nil {
		return err
	}
	k, err := read(w.job.Dir)
	if err != nil {
		return err
	}
	return errors.Join(k.has(w.acked), k.extras(w.acked), k.results(), k.pruned(w.acked), k.signed(w.job), k.tiles())
}

func (w *world) prune(*testing.T) error { return prune(w.log, time.Now()) }

// crash goes on with what the disk has now, and with a torn write behind it.
func (w *world) crash(t *testing.T) error {
	left := w.job
	left.Dir = newFolder(t)
	if err := copyFolder(w.job.Dir, left.Dir); err != nil {
		return err
	}
	if err := w.log.Close(); err != nil {
		return err
	}
	os.RemoveAll(filepath.Dir(w.job.Dir))
	w.job = left
	torn, err := w.tear()
	if err != nil {
		return err
	}
	before := tornFiles(w.job)
	if w.log, err = openLog(w.job); err != nil {
		return fmt.Errorf("after a crash: %w", err)
	}
	if after := tornFiles(w.job); after != before && !torn || after == before && torn {
		return fmt.Errorf("torn is %v, and the start kept %d tails aside", torn, after-before)
	}
	return w.publish(t)
}

// tear adds a part of a batch that nobody was told about.
func (w *world) tear() (bool, error) {
	if w.r.IntN(2) == 0 {
		return false, nil
	}
	files, err := filepath.Glob(filepath.Join(w.job.Dir, "*.log"))
	if err != nil {
		return false, err
	}
	last := files[len(files)-1]
	data, err := os.ReadFile(last)
	if err != nil {
		return false, err
	}
	lines := layoutOf(0, data)
	batch := lines[w.r.IntN(len(lines))].text(data) // any line will do: what is torn need not make sense
	tail := append([]byte{}, batch[:w.r.IntN(len(batch))]...)
	if w.r.IntN(3) == 0 { // blocks that never came
		clear(tail[w.r.IntN(len(tail)+1):])
	}
	if lines[0].seal || len(tail) == 0 {
		return false, nil
	}
	return true, appendTo(last, tail)
}

func appendTo(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func copyFolder(from, to string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	return private(to)
}

func tornFiles(j job) int {
	torn, err := filepath.Glob(filepath.Join(j.Dir, "torn-*"))
	if err != nil {
		panic(err) // the pattern is good
	}
	return len(torn)
}
