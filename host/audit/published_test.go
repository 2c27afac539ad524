package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bulkhead/host/checkpoint"
	"bulkhead/host/keys"
)

// rotated returns a directory with a closed log of two segments and some entries.
func rotated(t testing.TB, change ...func(*Config)) string {
	t.Helper()
	dir := t.TempDir()
	l := openIn(t, dir, append([]func(*Config){rotating}, change...)...)
	fill(t, l, 260)
	mustClose(t, l)
	return dir
}

// signed is the checkpoint that the log's key would publish for a head.
func signed(t testing.TB, s *checkpoint.Signer, h checkpoint.Head) []byte {
	t.Helper()
	h.Origin = s.Origin()
	note, err := s.Sign(h, s.Seal(h))
	if err == nil {
		note, err = s.Publish(note, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	return note
}

// otherSigner signs as the tests' log, with another key.
func otherSigner(t testing.TB) *checkpoint.Signer {
	t.Helper()
	dir := t.TempDir()
	err := os.Chmod(dir, 0o700)
	if err == nil {
		_, err = keys.Create(dir, "audit", keys.Audit, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	k, err := keys.ReadAudit(filepath.Join(dir, "audit.key"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := checkpoint.NewSigner(testSigner(t).Origin(), k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// headAt is the tree head of a history when it had some size.
func (h *history) headAt(t testing.TB, size uint64) checkpoint.Head {
	t.Helper()
	root, err := tlogRoot(h, size)
	if err != nil {
		t.Fatal(err)
	}
	return checkpoint.Head{Origin: testSigner(t).Origin(), Size: size, Root: root}
}

func TestTheCheckpointIsPublishedAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	if l.Checkpoint() != nil {
		t.Error("an empty log has a checkpoint")
	}
	mustClose(t, l)
	if _, err := os.Stat(fileOf(dir, CheckpointName)); !os.IsNotExist(err) {
		t.Errorf("an empty log was published: %v", err)
	}
	l = openIn(t, dir)
	fill(t, l, 3)
	mustClose(t, l)
	note := content(t, dir, CheckpointName)
	if head, err := testSigner(t).Verifier().Open(note); err != nil || head != l.Head() || head.Size != 3 || !bytes.Equal(note, l.Checkpoint()) {
		t.Errorf("published: %+v, %v", head, err)
	}
	mustClose(t, openIn(t, dir)) // nothing new, nothing signed
	if !bytes.Equal(content(t, dir, CheckpointName), note) {
		t.Error("a checkpoint was published twice")
	}
}

func TestTheCheckpointIsPublishedMeanwhile(t *testing.T) {
	t.Parallel() // it waits for a second
	dir := t.TempDir()
	l := openIn(t, dir)
	mustAppend(t, l, note("x"))
	eventually(t, func() bool { return l.Checkpoint() != nil })
	if head, err := testSigner(t).Verifier().Open(content(t, dir, CheckpointName)); err != nil || head != l.Head() {
		t.Errorf("published: %+v, %v", head, err)
	}
}

func TestACheckpointOfThePastIsGoodEnough(t *testing.T) {
	dir := rotated(t)
	h := read(t, dir)
	for _, size := range []uint64{256, 257, 258, 260} {
		if size != 256 && size != h.size() && !sealedAt(h, size) {
			continue // in the middle of a batch, which nobody signs
		}
		dir := copied(t, dir)
		overwrite(t, dir, CheckpointName, signed(t, testSigner(t), h.headAt(t, size)))
		l := openIn(t, dir, rotating)
		mustAppend(t, l, note("x"))
		mustClose(t, l)
		read(t, dir)
	}
	young := made(t, 3)
	unblock(t, fileOf(young, CheckpointName)) // killed before it was first published
	mustClose(t, openIn(t, young))
}

func sealedAt(h *history, size uint64) bool {
	for _, s := range h.sealed {
		if s == size {
			return true
		}
	}
	return false
}

func TestACheckpointThatIsNotOfThisLogIsRefused(t *testing.T) {
	one, two := made(t, 5), rotated(t)
	h := read(t, two)
	other := read(t, rotated(t))
	late := signed(t, testSigner(t), checkpoint.Head{Size: h.size() + 1, Root: [32]byte{1}})
	for _, c := range []struct {
		name  string
		dir   string
		note  []byte // nil: none
		class Class  // "": not a problem of the log
	}{
		{"missing", two, nil, ClassRolledBack},
		{"older than the last segment", two, signed(t, testSigner(t), h.headAt(t, 255)), ClassRolledBack},
		{"newer", two, late, ClassTruncated},
		{"newer, of one segment", one, signed(t, testSigner(t), h.headAt(t, 6)), ClassTruncated},
		{"another history", two, signed(t, testSigner(t), other.headAt(t, other.size())), ClassForked},
		{"another history, of one segment", one, signed(t, testSigner(t), h.headAt(t, 5)), ClassForked},
		{"another history up to the last segment", two, signed(t, testSigner(t), other.headAt(t, 256)), ClassForked},
		{"another key", two, signed(t, otherSigner(t), h.headAt(t, 260)), ClassForeign},
		{"no composite line", two, bytes.Join(bytes.SplitAfter(content(t, two, CheckpointName), []byte("\n"))[:5], nil), ClassForeign},
		{"garbage", two, []byte("garbage"), ClassForeign},
		{"empty", two, []byte{}, ClassForeign},
		{"long", two, bytes.Repeat([]byte("x"), maxCheckpoint), ClassForeign},
		{"too long to read", two, bytes.Repeat([]byte("x"), maxCheckpoint+1), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copied(t, c.dir)
			if err := os.Remove(fileOf(dir, CheckpointName)); err != nil {
				t.Fatal(err)
			}
			if c.note != nil {
				overwrite(t, dir, CheckpointName, c.note)
			}
			err := refused(t, dir, rotating)
			var p *Problem
			if problem := errors.As(err, &p); problem != (c.class != "") || problem && p.Class != c.class {
				t.Errorf("got %v, want %q", err, c.class)
			}
		})
	}
}

// Whoever keeps checkpoints, an acknowledged entry cannot be cut off as if a crash had torn it.
func TestACutOfPublishedEntriesIsNoTornTail(t *testing.T) {
	dir := made(t, 5)
	data := content(t, dir, firstSegment)
	for _, bad := range [][]byte{data[:len(data)-1], data[:len(data)-200], nil} {
		dir := copied(t, dir)
		overwrite(t, dir, firstSegment, bad)
		var p *Problem
		if err := refused(t, dir); !errors.As(err, &p) || p.Class != ClassTruncated {
			t.Errorf("cut to %d bytes: %v", len(bad), err)
		}
	}
	if err := os.Remove(fileOf(dir, firstSegment)); err != nil {
		t.Fatal(err)
	}
	var p *Problem
	if err := refused(t, dir); !errors.As(err, &p) || p.Class != ClassTruncated {
		t.Errorf("no segment: %v", err)
	}
}

func TestACheckpointThatIsNoFileIsRefused(t *testing.T) {
	for name, make := range map[string]func(name string) error{
		"folder": func(name string) error { return os.Mkdir(name, 0o700) },
		"link":   func(name string) error { return os.Symlink("elsewhere", name) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := made(t, 5)
			name := fileOf(dir, CheckpointName)
			if err := errors.Join(os.Rename(name, fileOf(dir, "elsewhere")), make(name)); err != nil {
				t.Fatal(err)
			}
			if l, err := Open(config(t, dir)); err == nil {
				l.Close()
				t.Error("it was opened")
			}
		})
	}
}

// A checkpoint that cannot be published ends the log: outsiders would believe that nothing happens.
func TestFailingPublicationFailsTheLog(t *testing.T) {
	t.Parallel() // it waits for a second
	dir := t.TempDir()
	l := openIn(t, dir)
	block(t, fileOf(dir, CheckpointName+".new"))
	mustAppend(t, l, note("x"))
	select {
	case <-l.Failed():
	case <-time.After(time.Minute):
		t.Fatal("the log goes on")
	}
	if _, err := l.Append(ctx, note("y")); !errors.Is(err, ErrFailed) {
		t.Errorf("append: %v", err)
	}
	mustClose(t, l)
	unblock(t, fileOf(dir, CheckpointName+".new"))
	mustClose(t, openIn(t, dir))
	if h := read(t, dir); h.size() != 1 {
		t.Errorf("%d entries", h.size())
	}
}

func TestCloseSaysThatNothingWasPublished(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	mustAppend(t, l, note("x"))
	block(t, fileOf(dir, CheckpointName+".new"))
	if err := l.Close(); err == nil {
		t.Error("closed without a word")
	}
}

// block puts a folder in the way of a file, one that cannot be removed just so.
func block(t testing.TB, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(name, "in", "the", "way"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func unblock(t testing.TB, name string) {
	t.Helper()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
}
