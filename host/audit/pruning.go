package audit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

// A pruning is what an entry audit.prune says: the entries before size have been deleted by the host.
type pruning struct {
	first, size uint64
	root        tlog.Hash // of the tree of that size
	hash        string    // of the last deleted entry
}

var errRotation = errors.New("segments begin with an entry audit.rotate, and have no other")

// decode reads all of an entry.
func decode(body []byte) (gate.Entry, error) {
	line := append([]byte(hashOf(body)), ' ')
	r, err := parseLine(append(line, body...))
	return r.entry, err
}

// parsePruning reads an entry of event audit.prune.
func parsePruning(body []byte) (pruning, error) {
	e, err := decode(body)
	if err != nil {
		return pruning{}, err
	}
	var d Pruned
	if err := strictjson.Decode(e.Detail, &d); err != nil {
		return pruning{}, fmt.Errorf("%w: detail: %w", errEntry, err)
	}
	root, err := base64.StdEncoding.Strict().DecodeString(d.Root)
	if err != nil || len(root) != tlog.HashSize || !isHash(d.Hash) || d.First >= d.Size || d.Size%tree.Width != 0 {
		return pruning{}, fmt.Errorf("%w: it does not say what was pruned", errEntry)
	}
	return pruning{d.First, d.Size, tlog.Hash(root), d.Hash}, nil
}

// rotation checks the first entry of a segment.
func (w *walk) rotation() error {
	e, err := decode(w.entry.body)
	if err != nil {
		return err
	}
	var d rotation
	if err := strictjson.Decode(e.Detail, &d); err != nil {
		return fmt.Errorf("detail: %w", err)
	}
	before, ok := parseSegment(d.Segment)
	first := w.folder.segments[w.number].first
	switch {
	case !ok || before >= first:
		return fmt.Errorf("it names no segment before this one")
	case w.number > 0 && before != w.folder.segments[w.number-1].first:
		return fmt.Errorf("the segment that it follows is %s", d.Segment)
	case !slices.IsSorted(d.Open) || len(d.Open) > 0 && d.Open[len(d.Open)-1] >= first:
		return fmt.Errorf("its open decisions are not earlier entries")
	}
	return nil
}
