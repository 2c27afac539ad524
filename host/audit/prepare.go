package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"bulkhead/host/audit/tree"
)

// prepare reads the anchors and then lists the segments.
func (v *verification) prepare() error {
	v.report.Saved = 0
	if v.Verifier != nil {
		v.report.Origin, v.report.Key = v.Verifier.Origin(), v.Verifier.Key().KeyID
	}
	if v.Saved != nil {
		h, err := v.Verifier.Open(v.Saved)
		if err != nil {
			return problem(ClassForeign, 0, "the saved checkpoint is not of this log: %v", err)
		}
		v.anchors.saved, v.report.Saved = &h, h.Size
	}
	if err := v.look(); err != nil {
		return err
	}
	if v.anchors.published != nil {
		v.report.Published = v.anchors.published.Size
	}
	return nil
}

// look reads what is published and lists the segments. A host publishes before it begins a segment, so what is published
// is older than the last segment only if that has begun meanwhile, or if somebody has put an old one back.
func (v *verification) look() error {
	for try := 1; ; try++ {
		if err := v.folder.list(); err != nil {
			return err
		}
		if len(v.folder.segments) == 0 {
			return fmt.Errorf("%w: its segments have gone", ErrNoLog)
		}
		if err := v.anchors.read(v.folder, v.Verifier); err != nil {
			return err
		}
		if err := v.folder.list(); err != nil {
			return err
		}
		if v.stale() == nil || try == growTries {
			return nil
		}
		time.Sleep(growPause)
	}
}

// stale says so if what is published is older than the last segment.
func (v *verification) stale() *Problem {
	a, first := v.anchors, v.folder.segments[len(v.folder.segments)-1].first
	switch {
	case v.Verifier == nil || a.stranger != nil:
		return nil
	case a.published == nil && first > 0:
		return problem(ClassRolledBack, first, "the published checkpoint is gone, which was there when the last segment began")
	case a.published != nil && a.published.Size < first:
		return problem(ClassRolledBack, a.published.Size, "the published checkpoint is older than the last segment: somebody put an old one back")
	}
	return nil
}

// begin finds the first segment to read and the tree before it.
func (v *verification) begin() error {
	if v.From && v.anchors.saved != nil {
		v.number, _ = v.folder.find(v.anchors.saved.Size)
		v.number = max(v.number, 0)
	}
	v.start = v.folder.segments[v.number].first
	v.report.Start, v.report.Segments = v.start, len(v.folder.segments)-v.number
	v.join = &join{v: v, size: v.start, sealed: v.start}
	if v.start == 0 {
		v.join.edge = &edge{hash: [hashLen]byte([]byte(noHash))}
		return orNil(v.anchors.behind(v.folder, 0, (&tree.Tree{}).Root()))
	}
	before, err := tree.Restore(v.start, v.folder.tile)
	if errors.Is(err, fs.ErrNotExist) {
		return problem(ClassMistiled, 0, "the tiles of the entries before %d are needed, and missing: %v", v.start, err)
	}
	if err != nil {
		return problem(ClassMistiled, 0, "the tiles of the entries before %d: %v", v.start, err)
	}
	v.join.above, v.join.before = before.Above(), before.Root()
	return nil
}
