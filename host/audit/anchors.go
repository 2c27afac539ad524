package audit

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
)

// anchors are what the entries are held against beside their own seals.
type anchors struct {
	saved     *checkpoint.Head // kept elsewhere
	published *checkpoint.Head // the folder's own
	note      []byte           // of published
	stranger  error            // why the folder's own checkpoint is not this log's
	tiled     uint64           // entries that the last full tile on the disk speaks of
}

// read looks for the folder's own. It comes before the segments are listed: a running host may add to both.
func (a *anchors) read(f *folder, v *checkpoint.Verifier) error {
	a.tiled, a.published, a.note, a.stranger = f.tiled(), nil, nil, nil
	if v == nil {
		return nil
	}
	text, err := f.read(CheckpointName, maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the published checkpoint: %w", err)
	}
	h, err := openPublished(v, text)
	if err != nil {
		a.stranger = err
		return nil
	}
	a.published, a.note = &h, text
	return nil
}

// openPublished checks a published checkpoint, which has all three lines.
func openPublished(v *checkpoint.Verifier, text []byte) (checkpoint.Head, error) {
	h, err := v.Open(text)
	if err != nil {
		return h, err
	}
	if !hasLine(text, v.Keys().MLDSA44) { // Open has checked it if it is there
		return h, errors.New("the checkpoint lacks the log's ML-DSA-44 line")
	}
	return h, nil
}

// hasLine reports whether a note has a line of the verifier key NAME+ID+KEY (c2sp.org/signed-note).
func hasLine(note []byte, vkey string) bool {
	parts := strings.SplitN(vkey, "+", 3)
	id, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return false
	}
	want := binary.BigEndian.AppendUint32(nil, uint32(id))
	for line := range bytes.Lines(note) {
		text, ok := bytes.CutPrefix(bytes.TrimSuffix(line, []byte("\n")), []byte("— "+parts[0]+" "))
		if sig, err := base64.StdEncoding.DecodeString(string(text)); ok && err == nil && bytes.HasPrefix(sig, want) {
			return true
		}
	}
	return false
}

// sizes are those whose roots the anchors name.
func (a *anchors) sizes() []uint64 {
	var out []uint64
	for _, h := range a.heads() {
		out = append(out, h.Size)
	}
	return out
}

// heads are those that there are, the one from elsewhere first.
func (a *anchors) heads() []*checkpoint.Head {
	var out []*checkpoint.Head
	for _, h := range []*checkpoint.Head{a.saved, a.published} {
		if h != nil {
			out = append(out, h)
		}
	}
	return out
}

// disagree says so if an anchor of the size has another root.
func (a *anchors) disagree(size uint64, root tlog.Hash) *Problem {
	for _, h := range a.heads() {
		if h.Size != size || h.Root == root {
			continue
		}
		what := "the published checkpoint"
		if h == a.saved {
			what = "the saved checkpoint"
		}
		return problem(ClassForked, max(size, 1)-1, "%s of size %d is of another history: this entry or an earlier one differs", what, size)
	}
	return nil
}

// missing says so if an anchor knows of entries behind the end. size is what the seals cover, whole whether nothing follows
// the last of them.
func (a *anchors) missing(size uint64, whole bool) *Problem {
	switch {
	case a.published != nil && a.published.Size > size:
		return problem(ClassTruncated, size, "the log ends here, but its published checkpoint has %d entries", a.published.Size)
	case a.tiled > size:
		return problem(ClassTruncated, size, "the log ends here, but its tiles have %d entries", a.tiled)
	case a.saved != nil && a.saved.Size > size && !whole:
		return problem(ClassTruncated, size, "the log is cut in a batch, and the saved checkpoint has %d entries", a.saved.Size)
	case a.saved != nil && a.saved.Size > size:
		return problem(ClassRolledBack, size, "the log ends here, but %d entries were in it when the checkpoint was saved: it was cut, or replaced by an older copy", a.saved.Size)
	}
	return nil
}

// behind holds the anchors that are not after the start against the tree there, of which only tiles are left.
func (a *anchors) behind(f *folder, start uint64, root tlog.Hash) *Problem {
	for _, h := range a.heads() {
		switch {
		case h.Size > start:
		case h.Size == start:
			if p := a.disagree(start, root); p != nil {
				return p
			}
		case h.Size == 0:
			if p := a.disagree(0, (&tree.Tree{}).Root()); p != nil {
				return p
			}
		default:
			if p := a.consistent(f, h, start, root); p != nil {
				return p
			}
		}
	}
	return nil
}

// consistent proves from tiles that the tree of an anchor is the beginning of that at start.
func (a *anchors) consistent(f *folder, h *checkpoint.Head, start uint64, root tlog.Hash) *Problem {
	proof, err := tlog.ProveTree(int64(start), int64(h.Size), tree.Reader(start, (&evidence{folder: f, size: start}).tile))
	if err != nil {
		return problem(ClassMistiled, h.Size-1, "the checkpoint of size %d cannot be compared: %v", h.Size, err)
	}
	if tlog.CheckTree(proof, int64(start), root, int64(h.Size), h.Root) != nil {
		return problem(ClassForked, h.Size-1, "the checkpoint of size %d is not of the tree before entry %d", h.Size, start)
	}
	return nil
}
