//go:build amd64

package crash

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A power cut after any system call, on the worst device that POSIX allows: the child's calls are recorded once and played
// to a model of a disk, and what the cut leaves is opened.
func TestPowerCutAfterAnyCall(t *testing.T) {
	seed := seeded(t)
	m, cuts := newTemplate(t, beforeThird), 0
	for _, producers := range []int{1, 4, 64} {
		j := small(t, m)
		j.Producers = producers
		d := mustDisk(t, j.Dir)
		o, events := traced(t, j, fault{})
		if o.code != exitDone {
			t.Fatalf("the child ended with code %d: %s", o.code, o.words)
		}
		p := player{t: t, job: j, disk: d, seed: seed, acked: maps.Clone(m.acked), cuts: length(50, 1<<20)}
		cuts += p.play(events)
		if t.Failed() {
			break
		}
	}
	t.Logf("%d power cuts, nothing lost", cuts)
}

// A second cut while the next start repairs what the first one left.
func TestPowerCutWhileRecovering(t *testing.T) {
	seed := seeded(t)
	m, cuts := newTemplate(t, beforeThird), 0
	for round := range length(4, 100) {
		r := chance(seed, round)
		j := small(t, m)
		d := mustDisk(t, j.Dir)
		o, events := traced(t, j, fault{})
		if o.code != exitDone {
			t.Fatalf("the child ended with code %d: %s", o.code, o.words)
		}
		acked := maps.Clone(m.acked)
		for _, e := range events[:r.IntN(len(events))] {
			mustDo(t, d, e)
			hear(acked, e)
		}
		again := j
		again.Dir = newFolder(t)
		again.Life, again.Rounds, again.Prune = "again", 1, false
		if err := d.cut(again.Dir, loseSome, r); err != nil {
			t.Fatal(err)
		}
		left := mustDisk(t, again.Dir)
		o, events = traced(t, again, fault{})
		if o.code != exitDone {
			t.Fatalf("round %d: the next start ended with code %d: %s", round, o.code, o.words)
		}
		p := player{t: t, job: again, disk: left, seed: seed, acked: acked, cuts: length(30, 1<<20)}
		if cuts += p.play(events); t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("%d power cuts, nothing lost", cuts)
}

// A player cuts the power after each event of a trace.
type player struct {
	t     *testing.T
	job   job
	disk  *disk
	seed  uint64
	acked acks // also by earlier lives
	cuts  int  // how many to try, about
}

func (p *player) play(events []event) int {
	cuts, all := 0, len(events)*len(losses())
	for i, e := range events {
		mustDo(p.t, p.disk, e)
		hear(p.acked, e)
		for n, l := range losses() {
			r := chance(p.seed, i*len(losses())+n)
			if r.IntN(all) >= p.cuts {
				continue
			}
			cuts++
			j := p.job
			j.Dir = newFolder(p.t)
			err := p.disk.cut(j.Dir, l, r)
			if err == nil {
				err = check(j, p.acked)
			}
			if err != nil {
				p.t.Errorf("power cut after event %d (%s %s %s), losing %s: %v", i, e.Call, e.Path, e.Data, l, err)
				return cuts
			}
			os.RemoveAll(filepath.Dir(j.Dir))
		}
	}
	return cuts
}

func mustDisk(t *testing.T, dir string) *disk {
	t.Helper()
	d, err := newDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustDo(t *testing.T, d *disk, e event) {
	t.Helper()
	if err := d.do(e); err != nil {
		t.Fatal(err)
	}
}

// hear notes what an event promises.
func hear(acked acks, e event) {
	if e.Call != said {
		return
	}
	o := outcome{acked: acks{}}
	for line := range strings.Lines(string(e.Data)) {
		if err := o.hear(strings.TrimSpace(line)); err != nil {
			panic(fmt.Sprint(err)) // the child of this package said it
		}
	}
	maps.Copy(acked, o.acked)
}
