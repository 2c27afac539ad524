package audit

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
)

// rebuild computes the tree before the last segment, and its tiles, from the segments before. The tiles that are there may be
// the evidence: they are replaced only when the last segment has shown that those computed are the right ones.
func (r *replay) rebuild(segments []uint64) error {
	t, err := r.regrow(segments, func(tree.Full) error { return nil })
	if err != nil {
		return err
	}
	last := segments[len(segments)-1]
	if t.Size() != last {
		return r.refuse(&Problem{ClassDeleted, t.Size(), fmt.Sprintf("the segments before %s do not lead up to it", segmentName(last))})
	}
	if err := r.segment(segments, t); err != nil {
		return err
	}
	if r.chain.size == last && !r.met {
		return nil // nothing was shown; whoever called looks at the segment before
	}
	_, err = r.regrow(segments, func(f tree.Full) error { return writeTile(r.root, f) })
	return err
}

// regrow grows the tree of all segments but the last, from the tiles of what was pruned, and visits the tiles that it fills.
func (r *replay) regrow(segments []uint64, visit func(tree.Full) error) (*tree.Tree, error) {
	t, err := tree.Restore(segments[0], r.readTile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, problem(ClassMistiled, 0, "tiles of what was pruned are lost: %v", err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the tiles of what was pruned: %w", err)
	}
	for _, first := range segments[:len(segments)-1] {
		var full []tree.Full
		err := eachLine(r.root, first, func(l line) error {
			rec, err := l.parse()
			if err != nil || isSeal(l.text) {
				return nil // whether it is right the root will tell
			}
			_, full, err = t.Append(tlog.RecordHash(rec.body), nil, full[:0])
			for _, f := range full {
				err = errors.Join(err, visit(f))
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}
