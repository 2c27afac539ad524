package audit

import (
	"io"
)

// remembered is how many earlier hashes an inserted block is recognized by.
const remembered = 4096

// broken is for an entry that is right in itself and does not follow the one before. What comes before and after tells the
// classes apart.
func (v *verification) broken(f *fault) error {
	recent, err := v.recent(f)
	if err != nil {
		return err
	}
	later, err := v.readOn(f)
	if err != nil {
		return err
	}
	_, before := recent[f.hash]
	wanted, known := recent[f.previous]
	switch {
	case before || later.copy:
		return problem(ClassInserted, f.index, "it is a copy of another entry")
	case later.wanted:
		return problem(ClassReordered, f.index, "the entry that it follows comes later")
	case later.closes:
		return problem(ClassInserted, f.index, "without it the chain would hold")
	case known && wanted+1 >= f.sealed:
		return problem(ClassInserted, wanted+1, "entry %d follows the one before this one", f.index)
	case known:
		return problem(ClassInserted, f.index, "it follows entry %d, as the sealed entries behind that do", wanted)
	case later.sealed != f.index+later.batch:
		return problem(ClassDeleted, f.index, "the entry that it follows is missing")
	case f.index > f.sealed:
		return problem(ClassEdited, f.index-1, "entry %d does not follow it, but what was here", f.index)
	case later.follows:
		return problem(ClassForked, f.index, "from here on the entries are of another history")
	}
	return problem(ClassEdited, f.index, "it does not follow the entry before, which is good, and no entry follows it")
}

// recent returns the indexes of the last hashes before a fault.
func (v *verification) recent(f *fault) (map[string]uint64, error) {
	out := map[string]uint64{}
	c := v.folder.from(f.index - min(f.index, remembered))
	defer c.Close()
	for {
		s, err := c.read()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if s.number == f.number && s.offset >= f.offset || s.number > f.number {
			return out, nil
		}
		if !s.seal && len(s.text) > hashLen && s.index+remembered >= f.index {
			out[string(s.text[:hashLen])] = s.index
		}
	}
}

// later is what comes behind an entry that does not follow the one before.
type later struct {
	copy    bool   // the bad entry comes again
	wanted  bool   // the entry that it names comes later
	closes  bool   // the next entry follows the last good one
	follows bool   // the next entry follows the bad one
	batch   uint64 // entries up to the next seal, with the bad one
	sealed  uint64 // size that the next seal has
}

func (v *verification) readOn(f *fault) (later, error) {
	c := &cursor{folder: v.folder, number: f.number}
	defer c.Close()
	var out later
	var g glance
	for n := 0; ; {
		s, err := c.read()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if s.number == f.number && s.offset < f.offset {
			continue
		}
		if s.seal {
			if sealed, err := parseSeal(s.text); err == nil && out.sealed == 0 {
				out.batch, out.sealed = uint64(n), sealed.size
			}
			continue
		}
		n++
		if s.long || !s.ended || g.take(s.text) != nil || n == 1 {
			continue
		}
		out.copy = out.copy || string(g.hash[:]) == f.hash
		out.wanted = out.wanted || string(g.hash[:]) == f.previous
		out.closes = out.closes || n == 2 && string(g.previous) == f.last
		out.follows = out.follows || n == 2 && string(g.previous) == f.hash
	}
}
