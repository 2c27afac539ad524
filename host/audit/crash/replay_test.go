//go:build amd64

package crash

import (
	"fmt"
	"maps"
	"math/rand/v2"
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

// A cut while the next start repairs what a first one, or a kill, left.
func TestPowerCutWhileRecovering(t *testing.T) {
	seed := seeded(t)
	m, cuts := newTemplate(t, beforeThird), 0
	for round := range length(6, 100) {
		r := chance(seed, round)
		j := small(t, m)
		d := mustDisk(t, j.Dir)
		o, events := traced(t, j, fault{})
		if o.code != exitDone {
			t.Fatalf("the child ended with code %d: %s", o.code, o.words)
		}
		acked := maps.Clone(m.acked)
		for _, e := range events[:moment(events, r)] {
			mustDo(t, d, e)
			hear(acked, e)
		}
		again := j
		again.Dir = newFolder(t)
		again.Life, again.Rounds, again.Prune, again.Producers = "again", 1, false, r.IntN(2)
		left := d.after(t, again.Dir, r)
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

// moment is how many events there are before the end: any number, or as many as end in a write to a segment.
func moment(events []event, r *rand.Rand) int {
	from := r.IntN(len(events))
	if r.IntN(2) == 0 {
		return from
	}
	for i, e := range events[from:] {
		if e.Call == "write" && strings.HasSuffix(e.Path, ".log") {
			return from + i + 1
		}
	}
	return from
}

// after ends a process, and with it, in half of all cases, the power. It returns the disk that the next one finds in a folder.
func (d *disk) after(t *testing.T, root string, r *rand.Rand) *disk {
	t.Helper()
	l := loseSome
	if r.IntN(2) == 0 {
		l = loseNothing
	}
	if err := d.cut(root, l, r); err != nil {
		t.Fatal(err)
	}
	if l == loseSome {
		return mustDisk(t, root)
	}
	d.restart(root) // what was not flushed still is not
	return d
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
			if i < len(events)-1 && r.IntN(all) >= p.cuts { // the end is always tried
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
