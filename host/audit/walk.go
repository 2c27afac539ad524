package audit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// A walk goes through one segment and checks what can be checked without the others: the lines, the chain, the signatures.
// Of the tree it gives what lies inside of tiles of level 0; a join puts that together with what comes before. Many walks
// go on at once.
type walk struct {
	folder *folder
	number int // of the segment
	seals  *checkpoint.Verifier
	wanted []uint64 // sizes whose roots somebody wants
	out    func(stretch) error
	read   func(bytes int64)

	lines *lines
	entry glance
	index uint64 // of the next entry
	edge  edge   // behind the last entry
	seal  struct {
		size uint64 // of the last one
		end  int64  // offset behind it
	}
	block  tree.Tree // of the entries since the last full tile
	hashes []tlog.Hash
	now    stretch
}

// An edge is what the entries on both sides of a place must agree on.
type edge struct {
	hash [hashLen]byte        // of the entry before, in hex
	time [len(timestamp)]byte // of the entry before; at a beginning, of the one behind
}

// A stretch is what a walk tells of up to one tile of entries. They come in the order of the log.
type stretch struct {
	begin  *edge         // the segment begins here: what its first entry says of the one before
	own    [hashLen]byte // that entry's hash
	points []point
	full   *tlog.Hash // a tile has become full: its root; this comes before the next points
	tile   *Problem   // the tile on the disk is another
	prune  *pruning
	counts counts
	size   uint64               // of the log so far
	time   [len(timestamp)]byte // of its last entry
	end    *edge                // the segment ends here
	fault  *fault
}

// A point is a place behind an entry where the root is of interest.
type point struct {
	size   uint64
	part   tlog.Hash // root of the entries since the last full tile
	sealed bool
	root   tlog.Hash // the seal's
	signed bool      // by the key, where one is given
}

// counts are added up for the report.
type counts struct {
	entries, seals, signatures, missing uint64
	development                         bool
}

// errMoved says that a segment is not there any more: the host may have pruned it meanwhile.
var errMoved = errors.New("a segment of the log has gone while it was read")

func (w *walk) run(ctx context.Context) error {
	s := w.folder.segments[w.number]
	file, err := w.folder.open(s.name())
	if errors.Is(err, fs.ErrNotExist) {
		return errMoved
	}
	if err != nil {
		return err
	}
	defer file.Close()
	w.index, w.seal.size = s.first, s.first
	if s.first == 0 {
		copy(w.edge.hash[:], noHash)
	}
	last := w.number == len(w.folder.segments)-1
	if last {
		w.lines = newLines(&growing{ctx: ctx, file: file, whole: w.whole})
	} else {
		w.lines = newLines(file)
	}
	for before := int64(0); !last || w.lines.offset < s.size || !w.whole(w.lines.offset); before = w.lines.offset {
		l, err := w.lines.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		w.now.fault = w.line(l)
		w.read(w.lines.offset - before)
		if w.now.fault != nil {
			return w.flush()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return w.finish()
}

// whole reports whether what has been read up to an offset ends in a seal.
func (w *walk) whole(offset int64) bool { return offset == w.lines.offset && w.seal.end == offset }

// finish is the end of the segment.
func (w *walk) finish() error {
	if w.seal.end != w.lines.offset {
		w.now.fault = w.fault(faultUnsealed, w.lines.offset, nil)
	} else {
		w.now.end = &w.edge
	}
	return w.flush()
}

// flush hands over what has been seen.
func (w *walk) flush() error {
	s := w.now
	s.size, s.time = w.index, w.edge.time
	w.now = stretch{}
	return w.out(s)
}

// line checks one line.
func (w *walk) line(l line) *fault {
	switch {
	case l.ended && !l.long && isSeal(l.text):
		return w.sealLine(l)
	case l.long || !l.ended:
		return w.fault(faultLine, l.offset, errForm)
	}
	if err := w.entry.take(l.text); err != nil {
		return w.fault(faultLine, l.offset, err)
	}
	if f := w.follows(l.offset); f != nil {
		return f
	}
	if w.lines.offset-w.seal.end > maxBatch+maxLine {
		return w.fault(faultUnsealed, l.offset, nil)
	}
	if f := w.meaning(l.offset); f != nil {
		return f
	}
	return w.count()
}

// follows checks that the entry may come next.
func (w *walk) follows(offset int64) *fault {
	e := &w.entry
	if w.index == w.folder.segments[w.number].first {
		w.now.begin, w.now.own = &edge{[hashLen]byte(e.previous), [len(timestamp)]byte(e.timestamp)}, e.hash
	} else if !bytes.Equal(e.previous, w.edge.hash[:]) {
		return w.fault(faultPrevious, offset, nil)
	} else if bytes.Compare(e.timestamp, w.edge.time[:]) < 0 { // of one layout, so that text sorts like time
		return w.fault(faultTime, offset, nil)
	}
	w.edge = edge{e.hash, [len(timestamp)]byte(e.timestamp)}
	return nil
}

// meaning checks what an entry says to the reader of a log: where segments begin, what was pruned, its own signature.
func (w *walk) meaning(offset int64) *fault {
	s := w.folder.segments[w.number]
	first := w.index == s.first && s.first > 0
	if rotation := string(w.entry.event) == string(gate.AuditRotate); rotation != first {
		return w.fault(faultRotation, offset, errRotation)
	} else if rotation {
		if err := w.rotation(); err != nil {
			return w.fault(faultRotation, offset, err)
		}
	}
	if string(w.entry.event) == string(gate.AuditPrune) {
		p, err := parsePruning(w.entry.body)
		if err != nil {
			return w.fault(faultLine, offset, err)
		}
		w.now.prune = &p
	}
	return w.signature(offset)
}

// signature checks the entry's own signature, if it has one.
func (w *walk) signature(offset int64) *fault {
	bare, sig, err := checkpoint.WithoutSignature(w.entry.body)
	if err == nil && sig != nil && w.seals != nil {
		err = w.seals.Entry(bare, sig)
		w.now.counts.signatures++
	}
	if err != nil {
		return w.fault(faultSignature, offset, err)
	}
	if bytes.HasSuffix(bare, []byte(endDevelopment)) {
		w.now.counts.development = true
	}
	return nil
}

// count takes the entry into the tree.
func (w *walk) count() *fault {
	var full []tree.Full
	var err error
	if w.hashes, full, err = w.block.Append(w.entry.leaf, w.hashes[:0], nil); err != nil {
		return w.fault(faultLine, w.lines.offset, err)
	}
	w.index++
	w.now.counts.entries++
	if len(full) > 0 {
		if err := w.tile(full[0].Data); err != nil {
			return w.fault(faultRead, w.lines.offset, err)
		}
	}
	if slices.Contains(w.wanted, w.index) {
		w.now.points = append(w.now.points, w.point())
	}
	return nil
}

func (w *walk) point() point { return point{size: w.index, part: w.block.Root()} }

// tile is the end of a tile. It is the end of a stretch too.
func (w *walk) tile(data []byte) error {
	root := w.block.Root()
	w.now.full = &root
	w.block = tree.Tree{}
	t := tree.Tile{L: 0, N: w.index/tree.Width - 1, W: tree.Width}
	w.now.tile, w.now.counts.missing = w.folder.compare(t, data)
	return w.flush()
}

// sealLine checks the end of a batch.
func (w *walk) sealLine(l line) *fault {
	s, err := parseSeal(l.text)
	if err != nil {
		return w.fault(faultLine, l.offset, err)
	}
	if s.size != w.index || s.size == w.seal.size {
		f := w.fault(faultSealSize, l.offset, nil)
		f.seal = s
		return f
	}
	p := w.point()
	p.sealed, p.root, p.signed = true, s.root, true
	if w.seals != nil {
		p.signed = w.seals.Seal(checkpoint.Head{Origin: w.seals.Origin(), Size: s.size, Root: s.root}, s.sig[:])
	}
	w.now.points = append(w.now.points, p)
	w.now.counts.seals++
	w.seal.size, w.seal.end = s.size, w.lines.offset
	return nil
}
