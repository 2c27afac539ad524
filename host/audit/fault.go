package audit

// A faultKind is what a walk stumbled over. What was done to the log is a question for diagnosis.
type faultKind int

const (
	faultRead      faultKind = iota // err alone says it
	faultLine                       // no entry, no seal
	faultPrevious                   // the entry does not follow the one before
	faultTime                       // it is older than the one before
	faultRotation                   // its event is not that of its place
	faultSignature                  // its own signature does not hold
	faultSealSize                   // the seal is not for the entries before it
	faultUnsealed                   // the segment, or a stretch too long for a batch, has no seal at its end
	faultGap                        // the next segment does not begin where this one ends
)

// A fault is the first thing wrong in a segment.
type fault struct {
	kind     faultKind
	index    uint64 // of the entry, or of the next one
	number   int    // of the segment
	offset   int64  // of the line
	err      error
	hash     string // of the entry
	previous string // that the entry names
	last     string // of the entry before
	sealed   uint64 // size at the last seal before
	end      int64  // offset behind that
	seal     seal
}

func (w *walk) fault(kind faultKind, offset int64, err error) *fault {
	f := &fault{kind: kind, index: w.index, number: w.number, offset: offset, err: err, sealed: w.seal.size, end: w.seal.end}
	if kind != faultLine {
		f.hash, f.previous, f.last = string(w.entry.hash[:]), string(w.entry.previous), string(w.edge.hash[:])
	}
	return f
}

// Error makes a fault an error, for those that diagnose it.
func (f *fault) Error() string { return "the log has a fault" }
