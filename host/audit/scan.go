package audit

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"bulkhead/host/gate"
)

// A decision is open as long as its result is missing. Only its place is kept.
type decision struct {
	offset int64
	count  int // calls of one client request may share an id, action and resource
}

// scan reads a log as it was left.
type scan struct {
	file  file
	size  int64 // of the file
	good  int64 // bytes of whole entries
	chain chain
	open  map[string]decision
}

func (s *scan) reader() io.Reader { return io.NewSectionReader(s.file, 0, s.size) }

// run returns nil for a whole log, errTorn for one that a crash left, a *Problem for any other.
func (s *scan) run() error {
	in := newLines(s.reader())
	for {
		l, err := in.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		r, err := l.parse()
		switch {
		case err != nil && s.torn(l, err, in.offset):
			return errTorn
		case err != nil:
			return s.refuse()
		case s.chain.check(r) != nil:
			return s.refuse()
		}
		if err := s.follow(&r.entry, l.offset); err != nil {
			return err
		}
		s.chain.add(&r.entry, r.hash)
		s.good = in.offset
	}
}

// torn reports whether a crash explains a bad line that ends before offset next.
func (s *scan) torn(l line, err error, next int64) bool {
	switch {
	case errors.Is(err, errEntry), s.size-l.offset > maxBatch:
		return false
	case next == s.size && !l.long:
		return true
	}
	hole, err := s.zeros(l.offset, next)
	return err == nil && hole
}

// zeros reports whether a part of the file, at most maxBatch bytes, has a zero byte. No entry has one.
func (s *scan) zeros(from, to int64) (bool, error) {
	data := make([]byte, to-from)
	if _, err := s.file.ReadAt(data, from); err != nil && err != io.EOF {
		return false, err
	}
	return bytes.IndexByte(data, 0) >= 0, nil
}

// refuse finds the name of what is wrong.
func (s *scan) refuse() error {
	if _, err := Verify(s.reader(), nil); err != nil {
		return err
	}
	return errors.New("the log changed while it was read")
}

// follow keeps track of decisions without result.
func (s *scan) follow(e *gate.Entry, offset int64) error {
	allowed := e.Kind == gate.KindDecision && e.Outcome == gate.Success
	if !allowed && e.Kind != gate.KindResult {
		return nil
	}
	key := hashOf(fmt.Appendf(nil, "%q %q %q", e.Call, e.Action, e.Resource))
	d := s.open[key]
	switch {
	case allowed && d.count == 0:
		d = decision{offset, 1}
	case allowed:
		d.count++
	case d.count <= 1:
		delete(s.open, key)
		return nil
	default:
		d.count--
	}
	s.open[key] = d
	if len(s.open) > maxOpen {
		return fmt.Errorf("more than %d decisions have no result", maxOpen)
	}
	return nil
}

// pending returns the open decisions in the order of the log.
func (s *scan) pending() []decision {
	var out []decision
	for _, d := range s.open {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b decision) int { return cmp.Compare(a.offset, b.offset) })
	return out
}

func (s *scan) decisionAt(offset int64) (gate.Entry, error) {
	l, err := newLines(io.NewSectionReader(s.file, offset, s.good-offset)).next()
	if err != nil {
		return gate.Entry{}, err
	}
	r, err := l.parse()
	return r.entry, err
}
