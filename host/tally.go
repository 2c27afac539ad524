package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A tally is what came of the calls.
type tally struct {
	spent
	outcomes map[outcome]int
	worst    error
	first    []byte // the first answer
	answered bool   // there is one
	digest   [sha256.Size]byte
	calls    int
	differs  int // the first call that ended otherwise than call 1; 0: none
}

func newTally() *tally { return &tally{outcomes: map[outcome]int{}} }

// run calls n times. Its error is what no plugin can cause, such as an interrupt, and ends it early.
func (t *tally) run(ctx context.Context, w *workbench, request []byte, n int) error {
	var room []byte
	for range n {
		m := w.call(ctx, room[:0], request)
		if outcomeOf(m.err) == "" {
			return m.err
		}
		t.add(m)
		if t.calls > 1 && m.err == nil {
			room = m.answer
		}
	}
	return nil
}

func (t *tally) add(m measured) {
	t.calls++
	o := outcomeOf(m.err)
	t.outcomes[o]++
	t.spent.add(m, len(m.answer))
	if m.err != nil && (t.worst == nil || o.exit() > outcomeOf(t.worst).exit()) {
		t.worst = m.err
	}
	digest := m.digest()
	switch {
	case t.calls == 1:
		t.first, t.answered, t.digest = m.answer, m.err == nil, digest
	case t.differs == 0 && digest != t.digest:
		t.differs = t.calls
	}
}

// digest is equal for calls that ended alike, to the letter.
func (m *measured) digest() [sha256.Size]byte {
	if m.err != nil {
		return sha256.Sum256([]byte("error: " + m.err.Error()))
	}
	h := sha256.New()
	h.Write([]byte("answer: "))
	h.Write(m.answer)
	return [sha256.Size]byte(h.Sum(nil))
}

// text is the summary of several calls.
func (t *tally) text() string {
	var parts []string
	for _, o := range slices.Sorted(maps.Keys(t.outcomes)) {
		parts = append(parts, fmt.Sprintf("%d %s", t.outcomes[o], o))
	}
	line := fmt.Sprintf("%d calls: %s; ", t.calls, strings.Join(parts, ", "))
	if t.differs == 0 {
		return line + "all ended alike, to the letter"
	}
	return line + fmt.Sprintf("call %d was the first to end otherwise than call 1", t.differs)
}

// exit is the error of the worst call, with what to do about it.
func (t *tally) exit() error {
	switch outcomeOf(t.worst) {
	case outcomeLimit:
		return &exitError{exitLimit, t.worst, "--timeout, --fuel and --memory give it more; depth of calls and size of output are fixed"}
	case outcomeDied:
		return &exitError{exitPlugin, t.worst, ""}
	}
	return t.worst
}
