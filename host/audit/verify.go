package audit

import (
	"errors"
	"fmt"
	"io"

	"bulkhead/host/gate"
)

// A Class says what was done to a log.
type Class string

// The classes. Hashes tell them apart as far as hashes can: whoever rewrites every hash after a change leaves a good
// chain, and only a saved head shows it, as ClassForked.
const (
	ClassMalformed  Class = "malformed" // a line is no entry at all
	ClassEdited     Class = "edited"    // an entry's bytes were changed
	ClassDeleted    Class = "deleted"   // entries are missing before this one, or it belongs to another log
	ClassInserted   Class = "inserted"  // this entry was put, or copied, between others
	ClassReordered  Class = "reordered" // an entry that should come before this one comes later
	ClassTorn       Class = "torn"      // the last line is incomplete: a crash, or a cut in its middle
	ClassTruncated  Class = "truncated" // the saved head's entry is not there any more
	ClassForked     Class = "forked"    // the saved head's entry has another hash: history was rewritten
	ClassForged     Class = "forged"
	ClassRolledBack Class = "rolled back"
	ClassForeign    Class = "foreign" // this is not the log that the head was saved from
)

// A Problem is the first thing wrong with a log.
type Problem struct {
	Class Class  `json:"class"`
	Index uint64 `json:"index"` // of the first bad entry, counted from 0; of the first missing one if truncated
	Text  string `json:"text"`  // for people
}

// Error says what is wrong where.
func (p *Problem) Error() string {
	return fmt.Sprintf("the log is %s at entry %d: %s", p.Class, p.Index, p.Text)
}

// A Report is what Verify saw of a log, up to the first problem.
type Report struct {
	Entries     uint64 `json:"entries"`
	Head        Head   `json:"head"`
	First       string `json:"first,omitempty"`       // timestamp of entry 0
	Last        string `json:"last,omitempty"`        // timestamp of the last entry
	Development bool   `json:"development,omitempty"` // a host with development keys wrote some of it
}

// remembered is how many earlier hashes an inserted block is recognized by.
const remembered = 4096

// verifier holds a log against itself and a saved head.
type verifier struct {
	lines  *lines
	chain  chain
	report Report
	recent map[string]uint64 // index of each of the last hashes
	ring   [remembered]string
}

// Verify reads a log to its end, in bounded memory, and checks every entry and the chain; against head, if it is not
// nil, also that the log still holds everything that it held when the head was saved. Without a head, entries missing at
// the very end cannot be seen. A *Problem says what is wrong; any other error is the reader's.
func Verify(r io.Reader, head *Head) (Report, error) {
	if head != nil {
		if err := head.check(); err != nil {
			return Report{}, err
		}
	}
	v := &verifier{lines: newLines(r), chain: newChain(), recent: map[string]uint64{}}
	err := v.run(head)
	v.report.Entries, v.report.Head, v.report.Last = v.chain.size, v.chain.head(), v.chain.time
	return v.report, err
}

func (v *verifier) run(head *Head) error {
	for {
		l, err := v.lines.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the log: %w", err)
		}
		r, err := l.parse()
		if err != nil {
			return v.lineProblem(l, err)
		}
		if err := v.chain.check(r); err != nil {
			return v.chainProblem(r, err)
		}
		v.take(&r.entry, r.hash)
		if p := v.against(head, r.hash); p != nil {
			return p
		}
	}
	if head != nil && v.chain.size < head.Size {
		return v.problem(ClassTruncated, "the log ends here, but %d entries were in it when its head was saved", head.Size)
	}
	return nil
}

func (v *verifier) take(e *gate.Entry, hash string) {
	if v.chain.size == 0 {
		v.report.First = e.Timestamp
	}
	v.report.Development = v.report.Development || e.Development
	slot := &v.ring[v.chain.size%remembered]
	delete(v.recent, *slot)
	*slot = hash
	v.recent[hash] = v.chain.size
	v.chain.add(e, hash)
}

// against compares the entry just taken with the head, where the head speaks of it.
func (v *verifier) against(head *Head, hash string) error {
	if head == nil || head.Size == 0 {
		return nil
	}
	i := v.chain.size - 1
	switch {
	case i == 0 && hash != head.Origin:
		return &Problem{ClassForeign, i, "entry 0 is not the one of the log that the head was saved from"}
	case i == head.Size-1 && hash != head.Hash:
		return &Problem{ClassForked, i, "its hash is not the saved one: it or an earlier entry was written anew"}
	}
	return nil
}

func (v *verifier) problem(c Class, format string, args ...any) error {
	return &Problem{c, v.chain.size, fmt.Sprintf(format, args...)}
}

// lineProblem is for a line that is wrong in itself.
func (v *verifier) lineProblem(l line, err error) error {
	switch {
	case !l.ended:
		return v.problem(ClassTorn, "the last line has no end")
	case l.long:
		return v.problem(ClassMalformed, "the line is longer than any entry")
	case errors.Is(err, errBytes):
		return v.problem(ClassEdited, "%v", err)
	}
	return v.problem(ClassMalformed, "%v", err)
}

// chainProblem is for an entry that is right in itself and does not follow the one before. It reads on: what comes later
// tells the classes apart.
func (v *verifier) chainProblem(bad record, err error) error {
	if errors.Is(err, errTime) {
		return v.problem(ClassMalformed, "%v, though it names it", err)
	}
	later, err := v.readOn(bad)
	if err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	_, before := v.recent[bad.hash]
	wanted, known := v.recent[bad.entry.PreviousHash]
	switch {
	case before || later.copy:
		return v.problem(ClassInserted, "it is a copy of another entry")
	case later.wanted:
		return v.problem(ClassReordered, "the entry that it follows comes later")
	case later.closes:
		return v.problem(ClassInserted, "without it the chain would hold")
	case known:
		return &Problem{ClassInserted, wanted + 1, fmt.Sprintf("entry %d follows the one before this one", v.chain.size)}
	}
	return v.problem(ClassDeleted, "the entry that it follows is missing, or has been replaced")
}

type later struct {
	copy   bool // the bad entry comes again
	wanted bool // the entry that it names comes later
	closes bool // the next entry follows the last good one
}

func (v *verifier) readOn(bad record) (later, error) {
	var out later
	for first := true; ; first = false {
		l, err := v.lines.next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		r, err := l.parse()
		if err != nil {
			continue
		}
		out.copy = out.copy || r.hash == bad.hash
		out.wanted = out.wanted || r.hash == bad.entry.PreviousHash
		out.closes = out.closes || first && r.entry.PreviousHash == v.chain.last
	}
}
