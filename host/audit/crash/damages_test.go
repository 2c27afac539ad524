package crash

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"bulkhead/host/audit"
)

// damages are all that the model test does to a log. Each method names the classes that the damage may have.
func damages() []damage {
	return []damage{
		{"bit of an entry", (*corpse).flipEntry},
		{"bit of a seal", (*corpse).flipSeal},
		{"end cut off", (*corpse).cutEnd},
		{"entry deleted", (*corpse).deleteEntry},
		{"entry copied", (*corpse).copyEntry},
		{"seal deleted", (*corpse).deleteSeal},
		{"segment deleted", (*corpse).deleteSegment},
		{"bit of a tile", (*corpse).flipTile},
		{"bit of the checkpoint", (*corpse).flipCheckpoint},
		{"checkpoint deleted", (*corpse).deleteCheckpoint},
		{"old checkpoint", (*corpse).oldCheckpoint},
		{"entries swapped", (*corpse).swapEntries},
		{"rollback", (*corpse).rollBack},
		{"tile deleted", (*corpse).deleteTile},
		{"fork", (*corpse).fork},
		{"nothing", (*corpse).nothing},
	}
}

func (c *corpse) flipEntry(r *rand.Rand) (*verdict, error) {
	s, p := c.pick(r, false)
	return one(p.index, audit.ClassEdited, audit.ClassMalformed), s.write(flip(s.data, p.from+r.IntN(p.to-p.from-1), r))
}

func (c *corpse) flipSeal(r *rand.Rand) (*verdict, error) {
	s, p := c.pick(r, true)
	v := some(audit.ClassResealed, audit.ClassMalformed)
	if c.last(s, p) {
		v = some(audit.ClassResealed, audit.ClassMalformed, audit.ClassForged, audit.ClassTruncated)
	}
	return v, s.write(flip(s.data, p.from+r.IntN(p.to-p.from-1), r))
}

func (c *corpse) cutEnd(r *rand.Rand) (*verdict, error) {
	s := c.files[len(c.files)-1]
	return some(audit.ClassTruncated, audit.ClassTorn), os.Truncate(s.path, int64(r.IntN(len(s.data))))
}

func (c *corpse) deleteEntry(r *rand.Rand) (*verdict, error) {
	s, p := c.pick(r, false)
	return some(audit.ClassDeleted, audit.ClassResealed, audit.ClassTruncated), s.write(s.data[:p.from], s.data[p.to:])
}

func (c *corpse) copyEntry(r *rand.Rand) (*verdict, error) {
	s, p := c.pick(r, false)
	return some(audit.ClassInserted), s.write(s.data[:p.to], s.data[p.from:])
}

func (c *corpse) deleteSeal(r *rand.Rand) (*verdict, error) {
	s, p := c.pick(r, true)
	v := some(audit.ClassResealed)
	v.maybe = true // the next seal covers as much
	if c.last(s, p) {
		v = some(audit.ClassTorn, audit.ClassTruncated)
	}
	return v, s.write(s.data[:p.from], s.data[p.to:])
}

func (c *corpse) deleteSegment(r *rand.Rand) (*verdict, error) {
	s := c.files[r.IntN(len(c.files))]
	v := some(audit.ClassDeleted, audit.ClassTruncated)
	v.gone = len(c.files) == 1
	return v, os.Remove(s.path)
}

func (c *corpse) flipTile(r *rand.Rand) (*verdict, error) {
	path, err := c.tile(r)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return some(audit.ClassMistiled), os.WriteFile(path, flip(data, r.IntN(len(data)), r), 0o600)
}

func (c *corpse) deleteTile(r *rand.Rand) (*verdict, error) {
	path, err := c.tile(r)
	if err != nil {
		return nil, err
	}
	v := some(audit.ClassMistiled)
	v.maybe = true // it can be computed, or the tile above says as much
	return v, os.Remove(path)
}

// fork goes on from the same log twice. The checkpoint of one history is held against the other.
func (c *corpse) fork(r *rand.Rand) (*verdict, error) {
	other := c.job
	other.Dir = filepath.Join(filepath.Dir(c.job.Dir), "other")
	if err := copyFolder(c.job.Dir, other.Dir); err != nil {
		return nil, err
	}
	if err := errors.Join(grow(other, 1+r.IntN(3)), grow(c.job, 4)); err != nil {
		return nil, err
	}
	var err error
	c.saved, err = os.ReadFile(filepath.Join(other.Dir, audit.CheckpointName))
	return some(audit.ClassForked), err
}

// grow adds entries to a closed log.
func grow(j job, n int) error {
	l, err := openLog(j)
	if err != nil {
		return err
	}
	for i := range n {
		if _, err := l.Append(context.Background(), entries(job{Life: "fork"}, i, 0)[0]); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	return l.Close()
}

func (c *corpse) flipCheckpoint(r *rand.Rand) (*verdict, error) {
	path := filepath.Join(c.job.Dir, audit.CheckpointName)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return some(audit.ClassForeign), os.WriteFile(path, flip(data, r.IntN(80), r), 0o600)
}

func (c *corpse) deleteCheckpoint(r *rand.Rand) (*verdict, error) {
	v := some(audit.ClassRolledBack, audit.ClassTruncated)
	if c.files[len(c.files)-1].first == 0 {
		v = nil
	}
	return v, os.Remove(filepath.Join(c.job.Dir, audit.CheckpointName))
}

func (c *corpse) oldCheckpoint(r *rand.Rand) (*verdict, error) {
	note := c.notes[r.IntN(len(c.notes))]
	var v *verdict
	if note.size < c.files[len(c.files)-1].first {
		v = some(audit.ClassRolledBack)
	}
	return v, os.WriteFile(filepath.Join(c.job.Dir, audit.CheckpointName), note.note, 0o600)
}

func (c *corpse) swapEntries(r *rand.Rand) (*verdict, error) {
	s, p := c.pick(r, false)
	at := slices.Index(s.lines, p)
	if at == 0 || s.lines[at-1].seal {
		return nil, nil
	}
	q := s.lines[at-1]
	return one(q.index, audit.ClassReordered, audit.ClassInserted, audit.ClassMalformed), s.write(s.data[:q.from], p.text(s.data), q.text(s.data), s.data[p.to:])
}

func (c *corpse) rollBack(r *rand.Rand) (*verdict, error) {
	s := c.files[len(c.files)-1]
	seal := slices.IndexFunc(s.lines, func(p place) bool { return p.seal })
	c.saved = c.notes[len(c.notes)-1].note
	if seal == len(s.lines)-1 {
		return nil, nil
	}
	// The folder as it was: cut behind the first seal, with no checkpoint, which the segment outgrows.
	return some(audit.ClassTruncated, audit.ClassRolledBack), errors.Join(s.write(s.data[:s.lines[seal].to]), os.Remove(filepath.Join(c.job.Dir, audit.CheckpointName)))
}

func (c *corpse) nothing(r *rand.Rand) (*verdict, error) {
	c.saved = c.notes[r.IntN(len(c.notes))].note
	return nil, nil
}

// tile picks a tile.
func (c *corpse) tile(r *rand.Rand) (string, error) {
	tiles, err := filepath.Glob(filepath.Join(c.job.Dir, "tile", "0", "*"))
	return tiles[r.IntN(len(tiles))], err
}
