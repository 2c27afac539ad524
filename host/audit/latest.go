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

// Found is where the last entry of some events is.
type Found struct {
	Index uint64
	Entry *gate.Entry // nil: it is gone, as after pruning

	body []byte
}

// Latest returns, for each set of events, the last entry in the log's folder whose event is in it, nil if there never was
// one. Only what a rotation remembers can be asked for: the last segment and its first entry tell everything, however long
// the log is. No log is an empty one. What it returns has its line's hash, which everybody can make; whether the log is
// whole is for Open and Verify.
func Latest(dir string, sets ...[]gate.Event) ([]*Found, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return make([]*Found, len(sets)), nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return latest(root, sets)
}

// Latest is the function of that name, and believes nothing that the log's tree does not prove: an entry that was changed is
// a *Problem.
func (l *Log) Latest(sets ...[]gate.Event) ([]*Found, error) {
	out, err := latest(l.writer.root, sets)
	if err != nil {
		return nil, err
	}
	for _, f := range out {
		if f == nil || f.Entry == nil {
			continue
		}
		if err := l.writer.proves(l.Head(), f.Index, f.body, l.writer.tile); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func latest(root *os.Root, sets [][]gate.Event) ([]*Found, error) {
	for _, set := range sets {
		if i := slices.IndexFunc(set, func(e gate.Event) bool { return !sought(e) }); i >= 0 {
			return nil, fmt.Errorf("nobody remembers the last %s", set[i])
		}
	}
	at, err := latestIndices(root)
	if err != nil {
		return nil, fmt.Errorf("looking for the last start in the log: %w", err)
	}
	out := make([]*Found, len(sets))
	for i, set := range sets {
		for _, e := range set {
			if n, ok := at[e]; ok && (out[i] == nil || n > out[i].Index) {
				out[i] = &Found{Index: n}
			}
		}
		if out[i] == nil {
			continue
		}
		if err := out[i].read(root); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading entry %d: %w", out[i].Index, err)
		}
	}
	return out, nil
}

func (f *Found) read(root *os.Root) error {
	return eachEntry(root, f.Index, 1, func(l line) error {
		rec, err := l.parse()
		if err != nil {
			return err
		}
		f.Entry, f.body = &rec.entry, slices.Clone(rec.body)
		return nil
	})
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
