package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"bulkhead/host/gate"
)

// Latest returns, for each set of events, the last entry in the log's folder whose event is in it, nil for none. Only what
// a rotation remembers can be asked for: the last segment and its first entry tell everything, however long the log is.
// No log is an empty one. What it returns has its line's hash; whether the log is whole is for Open and Verify.
func Latest(dir string, sets ...[]gate.Event) ([]*gate.Entry, error) {
	for _, set := range sets {
		if i := slices.IndexFunc(set, func(e gate.Event) bool { return !sought(e) }); i >= 0 {
			return nil, fmt.Errorf("nobody remembers the last %s", set[i])
		}
	}
	out := make([]*gate.Entry, len(sets))
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	at, err := latestIndices(root)
	if err != nil {
		return nil, fmt.Errorf("looking for the last start in the log: %w", err)
	}
	for i, set := range sets {
		index, found := uint64(0), false
		for _, e := range set {
			if n, ok := at[e]; ok && (!found || n > index) {
				index, found = n, true
			}
		}
		if !found {
			continue
		}
		entry, err := readEntry(root, index)
		if errors.Is(err, fs.ErrNotExist) { // pruned
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading entry %d: %w", index, err)
		}
		out[i] = &entry
	}
	return out, nil
}

// latestIndices reads the last segment that has a sealed batch.
func latestIndices(root *os.Root) (map[gate.Event]uint64, error) {
	segments, err := listSegments(root.FS())
	if err != nil {
		return nil, err
	}
	for _, first := range slices.Backward(segments) {
		latest, err := latestOf(root, first)
		if err != nil || latest != nil {
			return latest, err
		}
	}
	return nil, nil
}

// latestOf reads one segment, nil if it has no sealed batch. What a crash has left behind the last seal is no part of it.
func latestOf(root *os.Root, first uint64) (sealed map[gate.Event]uint64, err error) {
	latest, index := map[gate.Event]uint64{}, first
	err = eachLine(root, first, func(l line) error {
		if isSeal(l.text) {
			sealed = maps.Clone(latest)
			return nil
		}
		rec, err := l.parse()
		if err != nil {
			return errStop
		}
		if index == first && first > 0 {
			rot, err := parseRotation(&rec.entry)
			if err != nil {
				return err
			}
			maps.Copy(latest, rot.Latest)
		}
		if sought(rec.entry.Event) {
			latest[rec.entry.Event] = index
		}
		index++
		return nil
	})
	return sealed, err
}
