package crash

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulkhead/host/audit"
)

// A damage is done to a copy of a closed log. It returns what must be reported; nil: nothing.
type damage struct {
	name string
	do   func(c *corpse, r *rand.Rand) (*verdict, error)
}

// A verdict is what Verify must say.
type verdict struct {
	classes []audit.Class
	index   uint64
	exact   bool // the index is the one; otherwise the first bad entry is not before it
	gone    bool // or that there is no log
	maybe   bool // or nothing: no entry has lost its proof
}

func one(index uint64, classes ...audit.Class) *verdict {
	return &verdict{classes: classes, index: index, exact: true}
}
func some(classes ...audit.Class) *verdict { return &verdict{classes: classes} }

// A corpse is a copy of a log that is about to be damaged.
type corpse struct {
	job   job
	files []segment
	saved []byte // what Verify gets beside the folder
	notes []keptNote
}

type segment struct {
	path  string
	first uint64
	data  []byte
	lines []place
}

// A place is a line in a segment.
type place struct {
	from, to int // without and with the newline: data[from:to]
	seal     bool
	index    uint64 // of the entry, or of the next one
}

func (p place) text(data []byte) []byte { return data[p.from:p.to] }

func layoutOf(first uint64, data []byte) []place {
	var out []place
	at, index := 0, first
	for line := range bytes.Lines(data) {
		p := place{at, at + len(line), bytes.HasPrefix(line, []byte("seal ")), index}
		if !p.seal {
			index++
		}
		out = append(out, p)
		at += len(line)
	}
	return out
}

// damage closes the log, damages a copy, and opens the log again.
func (w *world) damage(t *testing.T, d damage) error {
	c, err := w.corpse(t)
	if err != nil {
		return err
	}
	defer os.RemoveAll(filepath.Dir(c.job.Dir))
	want, err := d.do(c, w.r)
	if err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	if err := want.judge(c.verify()); err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	return c.start(d.name, want)
}

func (w *world) corpse(t *testing.T) (*corpse, error) {
	c := &corpse{job: w.job}
	c.job.Dir = newFolder(t)
	if err := w.log.Close(); err != nil {
		return nil, err
	}
	if err := copyFolder(w.job.Dir, c.job.Dir); err != nil {
		return nil, err
	}
	if err := w.reopen(); err != nil {
		return nil, err
	}
	c.notes = w.kept
	files, err := filepath.Glob(filepath.Join(c.job.Dir, "*.log"))
	for _, f := range files {
		s := segment{path: f}
		if s.data, err = os.ReadFile(f); err != nil {
			return nil, err
		}
		fmt.Sscanf(filepath.Base(f), "%d", &s.first)
		s.lines = layoutOf(s.first, s.data)
		c.files = append(c.files, s)
	}
	return c, err
}

// judge compares what was said with what must be.
func (v *verdict) judge(err error) error {
	var p *audit.Problem
	switch {
	case v == nil && err != nil:
		return fmt.Errorf("a false alarm: %w", err)
	case v == nil:
		return nil
	case err == nil && v.maybe:
		return nil
	case err == nil:
		return fmt.Errorf("nobody noticed; expected %v at %d", v.classes, v.index)
	case v.gone && errors.Is(err, audit.ErrNoLog):
		return nil
	case !errors.As(err, &p):
		return fmt.Errorf("%w, which has no class", err)
	case !slices.Contains(v.classes, p.Class), v.exact && p.Index != v.index, p.Index < v.index:
		return fmt.Errorf("%w; expected %v at %d", err, v.classes, v.index)
	}
	return nil
}

// start opens a damaged log. It may refuse it, and must not cover anything up.
func (c *corpse) start(name string, want *verdict) error {
	l, err := openLog(c.job)
	var p *audit.Problem
	switch {
	case err != nil && want == nil:
		return fmt.Errorf("%s: a start refused for no reason: %w", name, err)
	case err != nil && !errors.As(err, &p):
		return fmt.Errorf("%s: a start refused without a class: %w", name, err)
	case err != nil:
		return nil
	}
	if err := l.Close(); err != nil {
		return err
	}
	if err := c.verify(); want != nil && !want.maybe && err == nil && !c.healed(name) {
		return fmt.Errorf("%s: the start covered it up", name)
	}
	return nil
}

// healed reports whether a start may make a damage undone: tiles can be computed.
func (c *corpse) healed(name string) bool { return strings.Contains(name, "tile") }

func (s segment) write(parts ...[]byte) error {
	return os.WriteFile(s.path, bytes.Join(parts, nil), 0o600)
}

// pick returns a segment and one of its lines, an entry or a seal.
func (c *corpse) pick(r *rand.Rand, seal bool) (segment, place) {
	s := c.files[r.IntN(len(c.files))]
	for {
		if p := s.lines[r.IntN(len(s.lines))]; p.seal == seal {
			return s, p
		}
	}
}

// last reports whether no batch comes after a place.
func (c *corpse) last(s segment, p place) bool {
	if s.path != c.files[len(c.files)-1].path {
		return false
	}
	for i := len(s.lines) - 2; i >= 0; i-- {
		if s.lines[i].seal {
			return p.from > s.lines[i].from
		}
	}
	return true
}

func flip(data []byte, at int, r *rand.Rand) []byte {
	out := slices.Clone(data)
	out[at] ^= 1 << r.IntN(8)
	return out
}
