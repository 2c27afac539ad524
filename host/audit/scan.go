package audit

import (
	"errors"
	"fmt"
	"io"
	"maps"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// A replay brings a writer to where the last process left off: from the tiles to the beginning of the last segment, from
// there entry by entry.
type replay struct {
	*writer
	saved *saved // nil: nothing was published
	met   bool   // a seal agreed with it
	last  seal   // the last good one
	since uint64 // index of the first entry that it covers and the one before does not
	end   int64  // size of the segment as it was found
}

func (r *replay) run() error {
	segments, err := listSegments(r.root.FS())
	if err != nil {
		return err
	}
	if len(segments) == 0 {
		return r.create()
	}
	var begun *begun
	err = r.segment(segments, nil)
	if err == nil && r.first > 0 && r.chain.size == r.first {
		if begun, err = r.interrupted(len(segments)); err == nil {
			err = r.segment(segments[:len(segments)-1], nil)
		}
	}
	if err == nil {
		err = r.compare()
	}
	if err == nil {
		err = begun.withdraw(r.root)
	}
	if err == nil && r.end > r.size {
		err = r.cut()
	}
	if err != nil {
		return errors.Join(err, r.closeFile(), begun.close())
	}
	r.finish()
	return nil
}

// create begins a new log.
func (r *replay) create() error {
	if r.saved != nil {
		return &Problem{ClassTruncated, 0, fmt.Sprintf("there is no segment, but %d entries were in it when its checkpoint was published", r.saved.head.Size)}
	}
	f, err := createSegment(r.root, 0, r.wrap)
	if err != nil {
		return err
	}
	r.file, r.chain, r.decisions, r.latest = f, newChain(), newDecisions(), map[gate.Event]uint64{}
	r.finish()
	return nil
}

func (r *replay) closeFile() error {
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return f.Close()
}

// segment reads the last segment. grown is the tree at its beginning; nil: the one that the tiles hold, and if they do not
// fit what follows, the one that the segments before make.
func (r *replay) segment(segments []uint64, grown *tree.Tree) error {
	first := segments[len(segments)-1]
	t := grown
	var err error
	if t == nil {
		if t, err = tree.Restore(first, r.readTile); err != nil {
			return r.rebuild(segments)
		}
	}
	f, err := openSegment(r.root, segmentName(first), 0)
	if err != nil {
		return err
	}
	r.file = r.wrap(f)
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	r.end, r.first, r.size, r.tree, r.full = info.Size(), first, 0, *t, nil
	r.chain, r.decisions, r.latest, r.since = newChain(), newDecisions(), map[gate.Event]uint64{}, first
	r.chain.size = first
	r.met = r.saved != nil && r.saved.head.Size == first && r.saved.head.Root == t.Root()
	err = r.lines()
	if errors.Is(err, errRoot) && grown == nil && r.chain.size == first && first > 0 {
		return errors.Join(r.closeFile(), r.rebuild(segments))
	}
	if err != nil {
		return r.refuse(err)
	}
	return nil
}

func (r *replay) readTile(t tree.Tile) ([]byte, error) { return readTile(r.root, t) }

var (
	errRoot   = errors.New("the seal's root is not that of the entries")
	errSize   = errors.New("the seal's size is not that of the entries")
	errUnseal = errors.New("entries have no seal")
)

// lines takes batch after batch, up to a torn one at the end.
func (r *replay) lines() error {
	in := newLines(io.NewSectionReader(r.file, 0, r.end))
	p := pending{chain: r.chain, free: r.first > 0}
	for {
		l, err := in.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := r.line(&p, l, in.offset); err != nil {
			if torn, e := r.tornBehind(); e != nil || !torn {
				return errors.Join(e, err)
			}
			break
		}
	}
	if r.size > 0 && !r.Signer.Verifier().Seal(r.headOf(r.last), r.last.sig[:]) {
		return &Problem{ClassForged, r.since, "the last seal was not made with this log's key"}
	}
	return nil
}

// pending are entries whose seal has not come yet.
type pending struct {
	chain   chain
	free    bool // the first entry's predecessor is in another segment, or pruned
	entries []gate.Entry
	leaves  []tlog.Hash
}

func (r *replay) line(p *pending, l line, next int64) error {
	if !l.long && l.ended && isSeal(l.text) {
		s, err := parseSeal(l.text)
		if err != nil {
			return err
		}
		return r.take(p, s, next)
	}
	rec, err := l.parse()
	if err != nil {
		return err
	}
	if p.free && p.chain.size == r.first {
		p.chain.last = rec.entry.PreviousHash
	}
	if err := p.chain.check(rec); err != nil {
		return err
	}
	p.chain.add(&rec.entry, rec.hash)
	p.entries, p.leaves = append(p.entries, rec.entry), append(p.leaves, tlog.RecordHash(rec.body))
	if next-r.size > maxBatch {
		return errUnseal
	}
	return nil
}

// take makes a sealed batch part of the log.
func (r *replay) take(p *pending, s seal, next int64) error {
	if s.size != p.chain.size || len(p.entries) == 0 {
		return errSize
	}
	for _, leaf := range p.leaves {
		var err error
		if _, r.full, err = r.tree.Append(leaf, nil, r.full); err != nil {
			return err
		}
	}
	if r.tree.Root() != s.root {
		return errRoot
	}
	if r.saved != nil && r.saved.head.Size == s.size {
		r.met = r.saved.head.Root == s.root
	}
	if r.chain.size == r.first && r.first > 0 {
		if err := r.reopen(&p.entries[0]); err != nil {
			return err
		}
	}
	for i := range p.entries {
		r.note(&p.entries[i], r.chain.size+uint64(i))
	}
	r.last, r.since, r.chain, r.size = s, r.chain.size, p.chain, next
	p.entries, p.leaves = p.entries[:0], p.leaves[:0]
	return nil
}

// reopen takes over what a segment's first entry lists. Those that were pruned are not open for anybody.
func (r *replay) reopen(e *gate.Entry) error {
	rot, err := parseRotation(e)
	if err != nil {
		return err
	}
	maps.Copy(r.latest, rot.Latest)
	err = eachOf(r.root, rot.Open, func(index uint64, old *record) error {
		if !opens(&old.entry) {
			return &Problem{ClassEdited, index, "it is no decision any more, which a rotation has listed"}
		}
		r.decisions.follow(&old.entry, index)
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading an open decision: %w", err)
	}
	return nil
}

// refuse finds the name of what is wrong.
func (r *replay) refuse(cause error) error {
	if problem := diagnose(r.Config); problem != nil {
		return problem
	}
	var p *Problem
	if errors.As(cause, &p) {
		return p
	}
	class := ClassEdited
	if errors.Is(cause, errRoot) || errors.Is(cause, errUnseal) {
		class = ClassForged
	}
	return &Problem{class, r.chain.size, cause.Error()}
}

// compare holds what was read against the published checkpoint.
func (r *replay) compare() error {
	switch {
	case r.saved == nil && r.first > 0:
		return &Problem{ClassRolledBack, r.chain.size, "the checkpoint is gone"}
	case r.saved == nil:
		return nil
	case r.saved.head.Size > r.chain.size:
		return &Problem{ClassTruncated, r.chain.size, fmt.Sprintf("the log ends here, but %d entries were in it when its checkpoint was published", r.saved.head.Size)}
	case r.saved.head.Size < r.first:
		return &Problem{ClassRolledBack, r.saved.head.Size, "the published checkpoint is older than the last segment: somebody put an old one back"}
	case !r.met:
		return &Problem{ClassForked, r.saved.head.Size - 1, "the published checkpoint is of another history"}
	}
	return nil
}

func (r *replay) headOf(s seal) checkpoint.Head {
	return checkpoint.Head{Origin: r.Signer.Origin(), Size: s.size, Root: s.root}
}

// finish shows others what there is.
func (r *replay) finish() {
	d := &durable{batch: &batch{head: checkpoint.Head{Origin: r.Signer.Origin(), Root: r.tree.Root()}}}
	if r.chain.size > 0 {
		r.time = parseTime(r.chain.time)
		d = &durable{&batch{head: r.headOf(r.last), seal: r.last.sig[:]}, r.time}
	}
	r.writer.last.Store(d)
	if r.saved != nil {
		r.published.Store(&published{r.saved.head.Size, r.saved.note})
	}
}
