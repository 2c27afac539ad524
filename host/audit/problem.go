package audit

import "fmt"

// A Class says what was done to a log.
type Class string

// The classes. Signatures, hashes and numbers tell them apart as far as they can. Without the key nobody makes entries
// that pass; with it anybody can write another history, and only a checkpoint kept elsewhere shows that.
const (
	ClassMalformed  Class = "malformed"   // a line is no entry and no seal, or an entry stands where the host puts none
	ClassEdited     Class = "edited"      // an entry's bytes were changed, or it was replaced by another
	ClassDeleted    Class = "deleted"     // entries are missing before this one
	ClassInserted   Class = "inserted"    // this entry was put, or copied, between others
	ClassReordered  Class = "reordered"   // an entry that should come before this one comes later
	ClassTorn       Class = "torn"        // the last batch has no seal: a crash, or a cut in its middle
	ClassTruncated  Class = "truncated"   // the end is missing: something in the folder was made when there was more
	ClassForged     Class = "forged"      // the entries chain, but no seal of this key covers them from here on
	ClassForked     Class = "forked"      // the key has signed two histories, and this is not the one of the other checkpoint
	ClassForeign    Class = "foreign"     // this is another log, or of another key
	ClassRolledBack Class = "rolled-back" // the folder fits together, but is older than a checkpoint kept elsewhere
	ClassResealed   Class = "resealed"    // a seal is damaged, missing or not where it belongs; later ones cover the entries
	ClassMistiled   Class = "mistiled"    // a tile of the tree is not that of the entries
)

// A Problem is the first thing wrong with a log.
type Problem struct {
	Class Class  `json:"class"`
	Index uint64 `json:"index"` // of the first bad entry, counted from 0; of the first missing one if the end is missing
	Text  string `json:"text"`  // for people
}

// Error says what is wrong where.
func (p *Problem) Error() string {
	return fmt.Sprintf("the log is %s at entry %d: %s", p.Class, p.Index, p.Text)
}

// orNil is p as an error.
func orNil(p *Problem) error {
	if p == nil {
		return nil
	}
	return p
}

func problem(c Class, index uint64, format string, args ...any) *Problem {
	return &Problem{c, index, fmt.Sprintf(format, args...)}
}
