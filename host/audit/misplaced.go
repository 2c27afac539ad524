package audit

import "io"

// misplaced is a seal that is not for the entries before it.
func (v *verification) misplaced(f *fault) error {
	next, err := v.behind(f)
	if err != nil {
		return err
	}
	switch size := f.seal.size; {
	case size > f.index && next.later && !next.follows:
		return problem(ClassReordered, f.index, "the batch is sealed with an entry that comes later")
	case size > f.index && !next.follows:
		return problem(ClassDeleted, f.index, "the batch is sealed with the entries up to %d, which are missing", size-1)
	case size < f.index && size >= f.sealed && !next.sealed && !next.follows:
		return problem(ClassInserted, size, "the batch was sealed without it")
	}
	return problem(ClassResealed, f.sealed, "a seal of size %d stands behind entry %d", f.seal.size, f.index)
}

// following is what comes behind a seal that is not where it belongs.
type following struct {
	follows bool // at once, an entry that follows the one before the seal
	sealed  bool // at once, the right seal
	later   bool // some time, an entry that follows the one before the seal
}

func (v *verification) behind(f *fault) (following, error) {
	c := &cursor{folder: v.folder, number: f.number}
	defer c.Close()
	var out following
	var g glance
	for first := true; !out.later; {
		s, err := c.read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return out, err
		}
		if s.number == f.number && s.offset <= f.offset {
			continue
		}
		if s.seal {
			sealed, err := parseSeal(s.text)
			out.sealed = out.sealed || first && err == nil && sealed.size == f.index
		} else if !s.long && s.ended && g.take(s.text) == nil {
			out.later = string(g.previous) == f.last
			out.follows = first && out.later
		}
		first = false
	}
	return out, nil
}
