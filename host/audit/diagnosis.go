package audit

import (
	"bytes"
	"errors"
	"io"
)

// diagnose finds the name for what was done to a log from the first fault in it. It may read all of the log.
func (v *verification) diagnose(f *fault) error {
	switch f.kind {
	case faultRead:
		return f.err
	case faultLine:
		return v.badLine(f)
	case faultPrevious:
		return v.broken(f)
	case faultTime:
		return problem(ClassMalformed, f.index, "the entry is older than the one before it, though it names it")
	case faultRotation:
		return problem(ClassMalformed, f.index, "%v", f.err)
	case faultSignature:
		return problem(ClassEdited, f.index, "its own signature does not hold: %v", f.err)
	case faultSealSize:
		return v.misplaced(f)
	case faultUnsealed:
		return v.unsealed(f)
	}
	return v.gap(f)
}

func (v *verification) last(f *fault) bool { return f.number == len(v.folder.segments)-1 }

// badLine is a line that is wrong in itself.
func (v *verification) badLine(f *fault) error {
	after, err := v.after(f)
	if err != nil {
		return err
	}
	switch {
	case v.last(f) && after.torn:
		return v.tail(f)
	case after.seal:
		return problem(ClassResealed, f.sealed, "the seal of the batch that begins here: %v", f.err)
	case after.long:
		return problem(ClassMalformed, f.index, "the line is longer than any entry")
	case !after.ended:
		return problem(ClassDeleted, f.index, "the segment is cut in this line")
	case errors.Is(f.err, errBytes):
		return problem(ClassEdited, f.index, "%v", f.err)
	}
	return problem(ClassMalformed, f.index, "%v", f.err)
}

// tail is a last batch that is not whole. It was never acknowledged, unless an anchor knows it.
func (v *verification) tail(f *fault) error {
	if p := v.anchors.missing(f.sealed, false); p != nil {
		return p
	}
	return problem(ClassTorn, f.sealed, "the last batch has no seal: a crash, or a cut in its middle")
}

// unsealed is a segment, or more than a batch can be, without a seal at its end.
func (v *verification) unsealed(f *fault) error {
	after, err := v.after(f)
	switch {
	case err != nil:
		return err
	case after.torn && v.last(f):
		return v.tail(f)
	case after.torn:
		return v.gap(f)
	}
	return problem(ClassResealed, f.sealed, "from here on, more entries than a batch has come without a seal")
}

// gap is a segment that does not begin where the one before ends.
func (v *verification) gap(f *fault) error {
	switch next := v.folder.segments[f.number+1].first; {
	case next > f.index:
		return problem(ClassDeleted, f.index, "the entries up to %d are missing", next-1)
	case next == f.index:
		return problem(ClassResealed, f.sealed, "the seal at the end of the segment is missing")
	default:
		return problem(ClassInserted, next, "a segment begins here, and the one before has this entry too")
	}
}

// afterward is what a bad line looks like and what stands around it in its segment.
type afterward struct {
	torn        bool // a crash explains the line: its batch was not sealed, or blocks of it never reached the device
	ended, long bool
	seal        bool // the line wants to be a seal
}

func (v *verification) after(f *fault) (afterward, error) {
	file, err := v.folder.open(v.folder.segments[f.number].name())
	if err != nil {
		return afterward{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return afterward{}, err
	}
	out := afterward{ended: true}
	l, err := newLines(io.NewSectionReader(file, f.offset, info.Size()-f.offset)).next()
	if err != nil && err != io.EOF {
		return out, err
	}
	if err == nil {
		out.ended, out.long, out.seal = l.ended, l.long, isSeal(l.text)
	}
	if rest := info.Size() - f.end; rest <= maxBatch { // a crash tears one batch
		tail := make([]byte, rest)
		if _, err := file.ReadAt(tail, f.end); err != nil && err != io.EOF {
			return out, err
		}
		out.torn = tornTail(tail)
	}
	return out, nil
}

// tornTail reports whether a crash explains what follows the last good seal: one write that did not come to its end, or lost
// blocks. Behind a seal that is there another write began, so that its own had come to the device whole.
func tornTail(tail []byte) bool {
	hole := bytes.IndexByte(tail, 0) >= 0 // no entry has a zero byte
	read := 0
	for l := range bytes.Lines(tail) {
		read += len(l)
		if isSeal(l) && bytes.HasSuffix(l, []byte("\n")) && (read < len(tail) || !hole) {
			return false
		}
	}
	return true
}
