package audit

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"bulkhead/host/checkpoint"
)

// An attack is what was done to the log of a world, and what Verify must say of it.
type attack struct {
	name  string
	files files
	class Class // "": it cannot be seen, and does no harm; why says what of it
	index uint64
	with  []func(*Options)
}

// cut drops lines of the segment in which an entry is, from line to line, relative to the entry's.
func (w *world) cut(index uint64, from, to int) files {
	name, at := w.at(index)
	return w.log.lines(name, func(l []string) []string { return slices.Delete(slices.Clone(l), at+from, at+to) })
}

// sealOf is the number of the line that seals an entry.
func (w *world) sealOf(index uint64) (name string, line int) {
	name, at := w.at(index)
	lines := strings.SplitAfter(w.log[name], "\n")
	for !isSeal([]byte(lines[at])) {
		at++
	}
	return name, at
}

// sealed changes the seal of an entry.
func (w *world) resealed(index uint64, change func(*seal)) files {
	name, at := w.sealOf(index)
	return w.log.lines(name, func(l []string) []string {
		s, err := parseSeal([]byte(strings.TrimSuffix(l[at], "\n")))
		if err != nil {
			w.t.Fatal(err)
		}
		change(&s)
		l = slices.Clone(l)
		l[at] = string(appendSeal(nil, s)) + "\n"
		return l
	})
}

func TestAttacksAreFound(t *testing.T) {
	w := newWorld(t)
	for _, group := range [][]attack{w.onEntries(), w.onSegments(), w.onTheEnd(), w.onSeals(), w.onHistory(), w.onRules(), w.onTheRest()} {
		for _, a := range group {
			t.Run(a.name, func(t *testing.T) {
				if a.class == "" {
					if _, err := verify(t, w.left(t, a.files), a.with...); err != nil {
						t.Errorf("refused: %v", err)
					}
					return
				}
				w.refused(t, a.files, a.class, a.index, a.with...)
			})
		}
	}
}

func (w *world) onEntries() []attack {
	mid := w.mid
	first, next := w.batch(mid)
	name, at := w.at(mid)
	lines := strings.SplitAfter(w.log[name], "\n")
	insert := func(line string, where int) files {
		return w.log.lines(name, func(l []string) []string { return slices.Insert(slices.Clone(l), where, line) })
	}
	swap := w.log.lines(name, func(l []string) []string {
		l = slices.Clone(l)
		l[at], l[at-1] = l[at-1], l[at]
		return l
	})
	forged := w.follower(mid, lines[at])
	return []attack{
		{name: "untouched", files: w.log},
		{name: "untouched, against what was saved", files: w.log, with: []func(*Options){against(w.saved)}},
		{name: "untouched, from what was saved", files: w.log, with: []func(*Options){against(w.saved), from}},
		{name: "untouched, from what was saved before", files: w.log, with: []func(*Options){against([]byte(w.older[CheckpointName])), from}},
		{name: "one deleted", files: w.cut(mid, 0, 1), class: ClassDeleted, index: mid},
		{name: "first of a batch deleted", files: w.cut(first, 0, 1), class: ClassDeleted, index: first},
		{name: "last of a batch deleted", files: w.cut(next-1, 0, 1), class: ClassDeleted, index: next - 1},
		{name: "first of the log deleted", files: w.cut(0, 0, 1), class: ClassDeleted, index: 0},
		{name: "several deleted, with a seal", files: w.cut(mid, 0, int(next-mid)+2), class: ClassDeleted, index: mid},
		{name: "a batch deleted", files: w.cut(first, 0, int(next-first)+1), class: ClassDeleted, index: first},
		{name: "repeated at once", files: insert(lines[at], at+1), class: ClassInserted, index: mid + 1},
		{name: "an older one repeated", files: insert(lines[at-1], at+1), class: ClassInserted, index: mid + 1},
		{name: "a later one repeated", files: insert(lines[at+1], at), class: ClassInserted, index: mid},
		{name: "forged one inserted", files: insert(forged, at+1), class: ClassInserted, index: mid + 1},
		{name: "forged one inserted at the end of a batch", files: insert(w.follower(next-1, lines[at+int(next-1-mid)]), at+int(next-mid)), class: ClassInserted, index: next},
		{name: "swapped", files: swap, class: ClassReordered, index: mid - 1},
		{name: "empty line", files: insert("\n", at), class: ClassMalformed, index: mid},
		{name: "long line", files: insert(strings.Repeat("x", 3*maxLine)+"\n", at), class: ClassMalformed, index: mid},
		{name: "upper-case hash", files: w.log.lines(name, func(l []string) []string {
			l = slices.Clone(l)
			l[at] = strings.ToUpper(l[at][:hashLen]) + l[at][hashLen:]
			return l
		}), class: ClassMalformed, index: mid},
		{name: "unknown member in front", files: w.rehashed(w.entry(mid, func(b string) string { return `{"x":1,` + b[1:] }), mid), class: ClassMalformed, index: mid},
		{name: "line end of another system", files: w.log.lines(name, func(l []string) []string {
			l = slices.Clone(l)
			l[at] = strings.TrimSuffix(l[at], "\n") + "\r\n"
			return l
		}), class: ClassEdited, index: mid},
	}
}

// follower makes an entry that follows the one of a line.
func (w *world) follower(index uint64, line string) string {
	e, err := decode([]byte(strings.TrimSuffix(line[hashLen+1:], "\n")))
	if err != nil {
		w.t.Fatal(err)
	}
	e.PreviousHash, e.Resource = line[:hashLen], "forged"
	body, err := newEncoder().encode(&e, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	out, _ := appendLine(nil, body)
	return string(out)
}

func (w *world) onSegments() []attack {
	a, b, c := segmentName(0), segmentName(256), segmentName(512)
	return []attack{
		{name: "first segment deleted", files: w.log.without(a), class: ClassDeleted, index: 0},
		{name: "first two segments deleted", files: w.log.without(a, b), class: ClassDeleted, index: 0},
		{name: "middle segment deleted", files: w.log.without(b), class: ClassDeleted, index: 256},
		{name: "last segment deleted", files: w.log.without(c), class: ClassTruncated, index: 512},
		{name: "last segment deleted, and the checkpoint", files: w.log.without(c, CheckpointName), class: ClassRolledBack, index: 256},
		{name: "middle segment deleted, the last one in its place", files: w.log.without(b, c).with(b, w.log[c]), class: ClassDeleted, index: 256},
		{name: "segments joined", files: w.log.without(b).with(a, w.log[a]+w.log[b]), class: ClassMalformed, index: 256},
		{name: "segment twice", files: w.log.with(c, w.log[c]).with(segmentName(768), w.log[c]), class: ClassDeleted, index: w.size()},
		{name: "segments swapped", files: w.log.with(a, w.log[b]).with(b, w.log[a]), class: ClassReordered, index: 0},
		{name: "cut in the middle segment's last line", files: w.log.with(b, w.log[b][:len(w.log[b])-7]), class: ClassResealed, index: w.lastBatch(512)},
		{name: "the middle segment's last batch deleted", files: w.lastBatchCut(b, 512), class: ClassDeleted, index: w.lastBatch(512)},
		{name: "the middle segment's last seal deleted", files: w.log.lines(b, func(l []string) []string { return l[:len(l)-1] }), class: ClassResealed, index: w.lastBatch(512)},
		{name: "the middle segment is empty", files: w.log.with(b, ""), class: ClassDeleted, index: 256},
		{name: "an empty segment behind the last", files: w.log.with(segmentName(w.size()/256*256+256), ""), class: ClassDeleted, index: w.size()},
	}
}

func (w *world) size() uint64 {
	n := uint64(0)
	for _, b := range w.log.batches() {
		n += uint64(len(b.bodies))
	}
	return n
}

// lastBatch is the beginning of the batch that ends before an index.
func (w *world) lastBatch(end uint64) uint64 {
	first, _ := w.batch(end - 1)
	return first
}

func (w *world) lastBatchCut(name string, end uint64) files {
	n := int(end-w.lastBatch(end)) + 1
	return w.log.lines(name, func(l []string) []string { return l[:len(l)-n] })
}

func (w *world) onTheEnd() []attack {
	c := segmentName(512)
	size := w.size()
	last := w.lastBatch(size)
	short := w.lastBatchCut(c, size)
	middle := w.log.lines(c, func(l []string) []string { return l[:len(l)-2] })
	torn := func(f files) files { return f.without(CheckpointName).with(CheckpointName, w.checkpointAt(last)) }
	_, at := w.at(size - 1)
	follower := w.follower(size-1, strings.SplitAfter(w.log[c], "\n")[at])
	s := against(w.saved)
	return []attack{
		{name: "last batch cut", files: short, class: ClassTruncated, index: last},
		{name: "last batch cut, and an older checkpoint put in place", files: torn(short)},
		{name: "the same, against what was saved", files: torn(short), class: ClassRolledBack, index: last, with: []func(*Options){s}},
		{name: "the same, from what was saved", files: torn(short), class: ClassRolledBack, index: last, with: []func(*Options){s, from}},
		{name: "the older copy, against what was saved", files: w.older, class: ClassRolledBack, index: w.sizeOf(w.older), with: []func(*Options){s}},
		{name: "the older copy, against what was saved then", files: w.older, with: []func(*Options){against([]byte(w.older[CheckpointName]))}},
		{name: "cut in the last batch", files: middle, class: ClassTruncated, index: last},
		{name: "cut in the last batch, and an older checkpoint", files: torn(middle), class: ClassTorn, index: last},
		{name: "the same, against what was saved", files: torn(middle), class: ClassTruncated, index: last, with: []func(*Options){s}},
		{name: "cut in a line", files: torn(w.log.with(c, w.log[c][:len(w.log[c])-300])), class: ClassTorn, index: last},
		{name: "cut of the last line end", files: torn(w.log.with(c, w.log[c][:len(w.log[c])-1])), class: ClassTorn, index: last},
		{name: "zero bytes in the last batch", files: torn(w.log.with(c, w.log[c][:len(w.log[c])-400]+strings.Repeat("\x00", 200)+w.log[c][len(w.log[c])-200:])), class: ClassTorn, index: last},
		{name: "a torn batch behind the end", files: w.log.with(c, w.log[c]+follower), class: ClassTorn, index: size},
		{name: "half an entry behind the end", files: w.log.with(c, w.log[c]+follower[:100]), class: ClassTorn, index: size},
		{name: "wrong bytes behind the end", files: w.log.with(c, w.log[c]+strings.ToUpper(follower)), class: ClassTorn, index: size},
		{name: "zero bytes behind the end", files: w.log.with(c, w.log[c]+strings.Repeat("\x00", 3*maxLine)), class: ClassTorn, index: size},
		{name: "more than a batch behind the end", files: w.log.with(c, w.log[c]+strings.Repeat("\x00", maxBatch+1)), class: ClassMalformed, index: size},
		{name: "emptied", files: files{segmentName(0): ""}, class: ClassRolledBack, index: 0, with: []func(*Options){s}},
		{name: "emptied, but for the checkpoint", files: w.log.without("0", "tile").with(segmentName(0), ""), class: ClassTruncated, index: 0},
	}
}

func (w *world) sizeOf(f files) uint64 { return (&world{log: f}).size() }

// checkpointAt is the one of a batch's end.
func (w *world) checkpointAt(size uint64) string {
	for _, b := range w.log.batches() {
		if s, err := parseSeal([]byte(strings.TrimSuffix(b.line, "\n"))); err == nil && s.size == size {
			return publishedBy(w.t, testSigner(w.t), checkpoint.Head{Origin: testSigner(w.t).Origin(), Size: size, Root: s.root})
		}
	}
	w.t.Fatalf("no batch ends at %d", size)
	return ""
}

// A link that leads out of the folder is not followed, and nobody waits for a pipe.
func TestVerifyReadsPlainFilesInTheFolderOnly(t *testing.T) {
	dir := made(t, 3)
	path := filepath.Join(folderOf(dir), segmentName(0))
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.Rename(path, outside); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, path); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(t, dir); err == nil {
		t.Error("a link was followed")
	}
	if err := errors.Join(os.Remove(path), os.Rename(outside, path+".moved"), os.Symlink(filepath.Base(path)+".moved", path)); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(t, dir); err == nil {
		t.Error("a link inside of the folder was followed")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(t, dir); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Errorf("a pipe: %v", err)
	}
}
