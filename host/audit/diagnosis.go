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
	case !after.ended:
		return problem(ClassDeleted, f.index, "the segment is cut in this line")
	case after.seal:
		return problem(ClassResealed, f.sealed, "the seal of the batch that begins here: %v", f.err)
	case errors.Is(f.err, errBytes):
		return problem(ClassEdited, f.index, "%v", f.err)
	case after.long:
		return problem(ClassMalformed, f.index, "the line is longer than any entry")
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

// afterward is what a bad line looks like and what stands behind it in its segment.
type afterward struct {
	torn        bool // a crash explains the line: nothing sealed follows, or blocks never reached the device
	ended, long bool
	seal        bool // the line wants to be a seal
}

func (v *verification) after(f *fault) (afterward, error) {
	s := v.folder.segments[f.number]
	file, err := v.folder.open(s.name())
	if err != nil {
		return afterward{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return afterward{}, err
	}
	in := newLines(io.NewSectionReader(file, f.offset, info.Size()-f.offset))
	out := afterward{ended: true}
	sealed, hole := false, false
	for first := true; ; first = false {
		l, err := in.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return out, err
		}
		if first {
			out.ended, out.long, out.seal = l.ended, l.long, isSeal(l.text)
			hole = bytes.IndexByte(l.text, 0) >= 0
		}
		_, bad := parseSeal(l.text)
		sealed = sealed || !first && bad == nil
	}
	out.torn = info.Size()-f.offset <= maxBatch && (!sealed || hole)
	return out, nil
}
