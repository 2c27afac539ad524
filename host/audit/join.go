package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
)

// A join puts together what the walks through the segments tell, in the order of the log: here the chain is held together
// across segments, and the tree, and every root that somebody signed is held against it.
//
// What looks wrong with a seal, a checkpoint or a tile is kept until the next good seal tells whether the entries are to
// blame: a seal that covers them, by this key, acquits them.
type join struct {
	v      *verification
	before tlog.Hash            // root at the start
	above  tree.Tree            // over the full tiles
	first  *edge                // what the first entry read says of the one before
	time   [len(timestamp)]byte // of the last entry
	size   uint64
	edge   *edge    // behind the last entry; nil if what comes before is not known
	sealed uint64   // size at the last good seal
	good   bool     // there was one
	seal   *Problem // the first bad seal since
	fork   *Problem // another history than that of a checkpoint
	tile   *Problem // the first bad tile
	prune  *pruning // what says why the first segment is the first
}

// add takes the next stretch. A *Problem or *fault ends the log there.
func (j *join) add(s stretch) error {
	if s.begin != nil {
		if err := j.begin(s); err != nil {
			return err
		}
	}
	j.count(s)
	for _, p := range s.points {
		if err := j.point(p); err != nil {
			return err
		}
	}
	if s.tile != nil && j.tile == nil {
		j.tile = s.tile
	}
	if s.full != nil {
		if err := j.full(*s.full); err != nil {
			return err
		}
	}
	j.pruning(s.prune)
	if f := s.fault; f != nil {
		if f.index == j.v.folder.segments[j.v.number].first && j.edge != nil {
			f.last = string(j.edge.hash[:])
		}
		return f
	}
	if s.end != nil && j.size > j.v.folder.segments[j.v.number].first {
		j.edge = s.end
	}
	return nil
}

// pruning remembers the entry that says why the first segment is the first. A host that was stopped while it deleted
// segments has left some that its entry names.
func (j *join) pruning(p *pruning) {
	if p == nil || p.first > j.v.start || j.v.start > p.size {
		return
	}
	j.prune = p
	j.v.vouched = j.v.vouched || p.size == j.v.start && p.root == j.before
}

// next is the end of a segment: the next one must begin there.
func (j *join) next() error {
	n := j.v.number
	j.v.number++
	if j.v.number < len(j.v.folder.segments) && j.v.folder.segments[j.v.number].first != j.size {
		return &fault{kind: faultGap, index: j.size, number: n, sealed: j.sealed}
	}
	return nil
}

func (j *join) begin(s stretch) error {
	f := &fault{index: j.size, number: j.v.number, hash: string(s.own[:]), previous: string(s.begin.hash[:]), sealed: j.sealed}
	if j.first == nil {
		j.first = s.begin
	}
	switch {
	case j.edge == nil:
		return nil
	case s.begin.hash != j.edge.hash:
		f.kind, f.last = faultPrevious, string(j.edge.hash[:])
		return f
	case string(s.begin.time[:]) < string(j.edge.time[:]):
		f.kind = faultTime
		return f
	}
	return nil
}

func (j *join) count(s stretch) {
	r := &j.v.report
	r.Checked += s.counts.entries
	r.Seals += s.counts.seals
	r.Signatures += s.counts.signatures
	r.MissingTiles += s.counts.missing
	r.Development = r.Development || s.counts.development
	j.size = s.size
	if s.counts.entries > 0 {
		j.time = s.time
	}
}

// root is the root of the log at a point.
func (j *join) root(p point) tlog.Hash {
	if p.size%tree.Width == 0 {
		return j.above.Root()
	}
	return j.above.RootWith(p.part)
}

func (j *join) point(p point) error {
	root := j.root(p)
	if !p.sealed {
		fork := j.v.anchors.disagree(p.size, root)
		if j.fork == nil {
			j.fork = fork
		}
		if saved := j.v.anchors.saved; fork == nil && saved != nil && saved.Size == p.size {
			j.v.vouched = true
		}
		return nil
	}
	if p.signed && p.root == root {
		j.v.report.Root, j.v.report.Size = root.String(), p.size
		return j.acquit(p.size)
	}
	if j.seal == nil {
		j.seal = problem(ClassForged, j.sealed, "%s", badSeal(p, root))
	}
	return nil
}

func badSeal(p point, root tlog.Hash) string {
	switch {
	case p.signed:
		return fmt.Sprintf("the entries from here on chain, but their seal at size %d is for others", p.size)
	case p.root == root:
		return fmt.Sprintf("the entries from here on chain, but their seal at size %d is not signed by this key", p.size)
	}
	return fmt.Sprintf("the entries from here on chain, but the seal at size %d is neither theirs nor signed by this key", p.size)
}

// acquit is a good seal: everything before it is what the key has signed.
func (j *join) acquit(size uint64) error {
	switch {
	case j.seal != nil:
		return problem(ClassResealed, j.seal.Index, "the seal of the batch that begins here is damaged; a later one covers its entries")
	case j.fork != nil:
		return j.fork
	case j.tile != nil:
		return j.tile
	}
	j.sealed, j.good = size, true
	return nil
}

// full takes the root of a tile of level 0, and holds the tiles above against the disk.
func (j *join) full(root tlog.Hash) error {
	_, full, err := j.above.Append(root, nil, nil)
	if err != nil {
		return err
	}
	for _, t := range full {
		t.L++
		wrong, missing := j.v.folder.compare(t.Tile, t.Data)
		j.v.report.MissingTiles += missing
		if wrong != nil && j.tile == nil {
			j.tile = wrong
		}
	}
	return nil
}

// accuse is the end of the log, or of what can be read of it, with a bad seal: nothing acquits the entries any more.
func (j *join) accuse() *Problem {
	switch {
	case j.seal == nil:
		return nil
	case !j.good && j.v.start > 0 && !j.v.vouched:
		return problem(ClassMistiled, 0, "the tiles of the entries before %d do not give a tree whose root the seals have", j.v.start)
	case !j.good && j.v.anchors.stranger != nil:
		return problem(ClassForeign, j.v.start, "neither the seals nor the published checkpoint are of this key and origin")
	case j.tile != nil && j.tile.Index > j.seal.Index:
		j.seal.Index = j.tile.Index // the tile remembers what was there
	}
	return j.seal
}

// times are the timestamps of the first and the last entry read.
func (j *join) times() (first, last string) {
	if j.first == nil {
		return "", ""
	}
	return string(j.first.time[:]), string(j.time[:])
}
