package audit

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// stretches is how far a walk may be ahead of the join: all of a segment of the usual size.
const stretches = 256

// A verification is one try.
type verification struct {
	Options
	folder  *folder
	anchors anchors
	number  int    // of the segment that the join is in
	start   uint64 // of the first segment that is read
	vouched bool   // the tiles before it are the right ones
	join    *join
	report  Report
}

func (v *verification) run(ctx context.Context) error {
	if err := v.prepare(); err != nil {
		return err
	}
	if err := v.begin(); err != nil {
		return err
	}
	err := v.read(ctx)
	v.report.First, v.report.Last = v.join.times()
	var fault *fault
	if errors.As(err, &fault) {
		if p := v.join.accuse(); p != nil {
			return v.reconsider(ctx, p)
		}
		return v.diagnose(fault)
	}
	if err == nil {
		err = v.end(ctx)
	}
	return err
}

// read walks through the segments, several at a time, and joins what the walks tell in the order of the log.
func (v *verification) read(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	workers := v.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	g.SetLimit(workers + 1)
	told := make(chan chan stretch, workers)
	meter := v.meter()
	g.Go(func() error {
		defer close(told)
		for n := v.number; n < len(v.folder.segments); n++ {
			out := make(chan stretch, stretches)
			select {
			case told <- out:
			case <-ctx.Done():
				return ctx.Err()
			}
			g.Go(func() error {
				defer close(out)
				return v.walk(ctx, n, out, meter).run(ctx)
			})
		}
		return nil
	})
	found := v.listen(told)
	cancel()
	if err := g.Wait(); err != nil && (found == nil || errors.Is(found, errEnded)) {
		return err
	}
	return found
}

// errEnded says that a walk ended before its segment did. Its own error says why.
var errEnded = errors.New("a walk ended")

// listen joins what the walks tell.
func (v *verification) listen(told <-chan chan stretch) error {
	for out := range told {
		ended := false
		for s := range out {
			ended = s.end != nil
			if err := v.join.add(s); err != nil {
				return err
			}
		}
		if !ended {
			return errEnded
		}
		if err := v.join.next(); err != nil {
			return err
		}
	}
	return nil
}

func (v *verification) walk(ctx context.Context, n int, out chan<- stretch, meter func(int64)) *walk {
	tell := func(s stretch) error {
		select {
		case out <- s:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return &walk{folder: v.folder, number: n, seals: v.Verifier, wanted: v.anchors.sizes(), out: tell, read: meter}
}

// meter returns what walks call with the number of bytes that they have read.
func (v *verification) meter() func(int64) {
	if v.Progress == nil {
		return func(int64) {}
	}
	total := int64(0)
	for _, s := range v.folder.segments[v.number:] {
		total += s.size
	}
	var done atomic.Int64
	return func(n int64) { v.Progress(min(done.Add(n), total), total) }
}

// end is what can be said when all that there is fits together.
func (v *verification) end(ctx context.Context) error {
	if p := v.join.accuse(); p != nil {
		return v.reconsider(ctx, p)
	}
	for _, p := range []*Problem{
		v.anchors.missing(v.join.size, true), v.join.fork, v.join.tile, v.stranger(), v.stale(), v.beginning(),
	} {
		if p != nil {
			return p
		}
	}
	return nil
}

// stranger says whether the folder holds what another log or key has made.
func (v *verification) stranger() *Problem {
	if err := v.anchors.stranger; err != nil {
		return problem(ClassForeign, v.start, "the published checkpoint is not this log's: %v", err)
	}
	if err := v.folder.foreignKey(v.Verifier); err != nil {
		return problem(ClassForeign, v.start, "%s: %v", PublicName, err)
	}
	return nil
}

// beginning says whether what is before the first segment read is missing for a good reason, and what is left of it right.
func (v *verification) beginning() *Problem {
	if v.start == 0 {
		return nil
	}
	if !v.From || v.start > v.report.Saved { // nobody believes anything of the entries between
		if p := v.pruned(); p != nil {
			return p
		}
	}
	return v.anchors.behind(v.folder, v.start, v.join.before)
}

// pruned wants the word of the host for what was deleted, and holds the tiles of that against each other.
func (v *verification) pruned() *Problem {
	p := v.join.prune
	switch {
	case p == nil:
		return problem(ClassDeleted, 0, "the entries before %d are missing, and no entry says that the host has pruned them", v.start)
	case p.size == v.start && p.root != v.join.before:
		return problem(ClassMistiled, 0, "the tiles of the pruned entries do not give the root that they had")
	case p.size == v.start && !bytes.Equal([]byte(p.hash), v.join.first.hash[:]):
		return problem(ClassDeleted, v.start, "it does not follow the last entry that was pruned")
	}
	v.report.Pruned = v.start
	missing, wrong := v.folder.checkPruned(v.start)
	v.report.MissingTiles += missing
	return wrong
}

// reconsider asks everything, where only a part has been asked and found bad, whether the part before is to blame.
func (v *verification) reconsider(ctx context.Context, p *Problem) error {
	if !v.From || p.Class != ClassMistiled {
		return p
	}
	all := &verification{Options: v.Options, folder: v.folder}
	all.From = false
	var found *Problem
	if err := all.run(ctx); errors.As(err, &found) {
		return found
	}
	return p
}
