package audit

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"bulkhead/host/gate"
)

// Latest returns, for each set of events, the last entry of the log in dir whose event is in it, nil for none. It checks
// the lines that it returns, not the whole log; no log is an empty one.
func Latest(dir string, sets ...[]gate.Event) ([]*gate.Entry, error) {
	out := make([]*gate.Entry, len(sets))
	f, err := openRead(filepath.Join(dir, FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := newLines(f)
	for {
		l, err := in.next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if !l.ended || !mentions(l.text, sets) { // what a crash or a writer has left unfinished is no line
			continue
		}
		r, err := l.parse()
		if err != nil {
			return nil, err
		}
		for i, set := range sets {
			if slices.Contains(set, r.entry.Event) {
				e := r.entry
				out[i] = &e
			}
		}
	}
}

// mentions reports whether a line may be of one of the events, before it is worth decoding.
func mentions(line []byte, sets [][]gate.Event) bool {
	for _, set := range sets {
		for _, e := range set {
			if bytes.Contains(line, []byte(`"event":"`+string(e)+`"`)) {
				return true
			}
		}
	}
	return false
}
