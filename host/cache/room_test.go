package cache

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// names lists the folder.
func (b *box) names() (out []string) {
	b.t.Helper()
	entries, err := os.ReadDir(b.dir)
	do(b.t, err)
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// What is not ours goes at the start, each with a report; what a crash left goes silently.
func TestSweepRemovesWhatIsForeign(t *testing.T) {
	b := newBox(t)
	b.For("d").Put("k", []byte("code"))
	in := func(name string) string { return filepath.Join(b.dir, name) }
	victim := filepath.Join(t.TempDir(), "victim")
	hash := strings.Repeat("ab", hashSize)
	do(t, errors.Join(
		os.WriteFile(victim, []byte("keep"), 0o600), os.Symlink(victim, in("link")), os.Symlink(victim, in(hash)),
		os.WriteFile(in("foreign\x1b[2J"), nil, 0o600), syscall.Mkfifo(in("pipe"), 0o600), os.Mkdir(in("folder"), 0o700),
		os.WriteFile(in(strings.ToUpper(hash)), nil, 0o600), os.WriteFile(in(".new"), nil, 0o600),
		os.WriteFile(in(hash+".new"), nil, 0o600),
	))
	wantCode(t, b.open(Config{}).For("d"), "k", "code")
	b.wantEvents(7, true, "does not belong here")
	if got := b.names(); len(got) != 1 {
		t.Errorf("left: %q", got)
	}
	if data, err := os.ReadFile(victim); err != nil || string(data) != "keep" {
		t.Errorf("it followed a link: %q, %v", data, err)
	}
}

// A folder with something in it stays: nothing is removed that needs more than one step.
func TestSweepLeavesFullFolders(t *testing.T) {
	b := newBox(t)
	path := b.file("d", "k")
	do(t, errors.Join(os.Mkdir(path, 0o700), os.WriteFile(filepath.Join(path, "x"), nil, 0o600)))
	c := b.open(Config{}).For("d")
	b.wantEvents(1, true, "directory not empty")
	wantCode(t, c, "k", "")
	c.Put("k", []byte("code"))
	if n := len(b.events); n != 3 || b.events[2].Rejected {
		t.Errorf("events %+v", b.events)
	}
	c.Put("k2", []byte("code"))
	wantCode(t, c, "k2", "code")
	if _, err := os.Lstat(filepath.Join(path, "x")); err != nil {
		t.Error(err)
	}
}

// Far more names than the store could have made are an attack on the start.
func TestSweepIsBounded(t *testing.T) {
	b := newBox(t)
	data := filepath.Join(b.dir, "0")
	do(t, os.WriteFile(data, nil, 0o600))
	for i := range maxListed + 1 {
		if err := os.Link(data, filepath.Join(b.dir, fmt.Sprintf("%064x", i))); errors.Is(err, syscall.EMLINK) {
			data = filepath.Join(b.dir, fmt.Sprintf("%064x", i))
			do(t, os.WriteFile(data, nil, 0o600))
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(Config{Dir: b.dir}); err == nil || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("%v", err)
	}
}

func TestSweepKeepsToTheCount(t *testing.T) {
	b := newBox(t)
	for i := range maxFiles + 10 {
		do(t, os.WriteFile(filepath.Join(b.dir, fmt.Sprintf("%064x", i)), nil, 0o600))
	}
	b.open(Config{})
	if n := len(b.names()); n != maxFiles {
		t.Errorf("%d files", n)
	}
	b.For("d").Put("k", []byte("code"))
	if n := len(b.names()); n != maxFiles {
		t.Errorf("%d files", n)
	}
	wantCode(t, b.For("d"), "k", "code")
}

// The longest unused goes first, at the start and later, and a file in use stays.
func TestTheLongestUnusedGoes(t *testing.T) {
	b := newBox(t)
	now := time.Now()
	code := bytes.Repeat([]byte("x"), 1000)
	size := int64(headerSize + len(code) + hashSize)
	for i := range 4 {
		b.For("d").Put(fmt.Sprint(i), code)
		do(t, os.Chtimes(b.file("d", fmt.Sprint(i)), now, now.Add(time.Duration(i-10)*usedEvery)))
	}
	present := func() (out string) {
		for i := range 10 {
			if _, err := os.Lstat(b.file("d", fmt.Sprint(i))); err == nil {
				out += fmt.Sprint(i)
			}
		}
		return out
	}
	b.open(Config{Bytes: 3 * size})
	if got := present(); got != "123" {
		t.Fatalf("at the start: %s", got)
	}
	if b.For("d").Get("1") == nil {
		t.Fatal("1 is gone")
	}
	b.For("d").Put("4", code)
	if got := present(); got != "134" {
		t.Errorf("after one more: %s", got)
	}
	b.For("d").Put("4", code) // replaces itself: nobody has to go
	if got := present(); got != "134" {
		t.Errorf("after the same once more: %s", got)
	}
	b.open(Config{Bytes: 2 * size}) // the use of 1 is on disk
	if got := present(); got != "14" {
		t.Errorf("at the next start: %s", got)
	}
	b.open(Config{Bytes: size - 1}).For("d").Put("5", code)
	if got := present(); got != "" {
		t.Errorf("with room for nothing: %s", got)
	}
	b.wantEvents(1, false, "too large")
}

// Flash wears: a file that was used today is not touched again.
func TestUseIsNotedOnceADay(t *testing.T) {
	b := newBox(t)
	b.For("d").Put("k", []byte("code"))
	changed := func() time.Time {
		info, err := os.Lstat(b.file("d", "k"))
		do(t, err)
		return info.ModTime()
	}
	day := changed()
	now := day.Add(usedEvery - time.Second)
	b.now = func() time.Time { return now }
	if b.For("d").Get("k"); !changed().Equal(day) {
		t.Error("touched on the same day")
	}
	now = day.Add(usedEvery + time.Second)
	if b.For("d").Get("k"); !changed().Equal(now) {
		t.Error("not touched on the next day")
	}
	now = day.Add(-usedEvery) // the clock lost its battery
	if b.For("d").Get("k"); !changed().Equal(now) {
		t.Error("a time to come stays")
	}
}

// A disk without room costs the code its place, never the load, and leaves nothing behind.
func TestFullDisk(t *testing.T) {
	for _, tt := range []struct {
		name string
		fill func(b *box)
		want string
	}{
		{"too little left for the log", func(b *box) { b.free = func() (uint64, error) { return reserve + 10, nil } }, "left to others"},
		{"nobody knows", func(b *box) { b.free = func() (uint64, error) { return 0, syscall.EIO } }, "input/output error"},
		{"the write fails", func(b *box) {
			b.write = func(*os.Root, string, []byte) error {
				return &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
			}
		}, "keeping it: no space left on device"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t)
			tt.fill(b)
			b.For("d").Put("k", []byte("code"))
			wantCode(t, b.For("d"), "k", "")
			b.wantEvents(1, false, tt.want)
			if got := b.names(); len(got) != 0 || b.bytes != 0 {
				t.Errorf("left: %q, %d bytes", got, b.bytes)
			}
		})
	}
}

// The real thing, on a disk that is full in the middle of the file. Only root can make one; the test above stands for it
// elsewhere.
func TestFullTmpfs(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k,mode=700"); err != nil {
		t.Logf("no tmpfs of its own (%v): the injected errors of TestFullDisk alone", err)
		return
	}
	t.Cleanup(func() { do(t, syscall.Unmount(dir, 0)) })
	b := &box{t: t, dir: filepath.Join(dir, "cache")}
	b.open(Config{})
	defer b.Close()
	b.For("d").Put("small", []byte("code"))
	b.For("d").Put("k", make([]byte, 1<<20))
	b.wantEvents(1, false, "no space left on device")
	wantCode(t, b.For("d"), "k", "")
	wantCode(t, b.For("d"), "small", "code")
	if got := b.names(); len(got) != 1 {
		t.Errorf("left: %q", got)
	}
}

func TestStatFree(t *testing.T) {
	b := newBox(t)
	var st syscall.Statfs_t
	do(t, syscall.Statfs(b.dir, &st))
	if got, err := b.statFree(); err != nil || got == 0 || got > st.Blocks*uint64(st.Bsize) {
		t.Errorf("%d of %d, %v", got, st.Blocks*uint64(st.Bsize), err)
	}
}

func TestTheFolderIsGone(t *testing.T) {
	b := newBox(t)
	do(t, os.RemoveAll(b.dir))
	wantCode(t, b.For("d"), "k", "")
	b.For("d").Put("k", []byte("code"))
	b.wantEvents(1, false, "no such file")
}
