package cache

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"bulkhead/host/safefile"
	"bulkhead/runtimes"
)

// box is a store in a folder of its own, with what it reported.
type box struct {
	*Store
	t   *testing.T
	dir string

	mu     sync.Mutex
	events []Event
}

var secret = [32]byte(bytes.Repeat([]byte{7}, 32))

func newBox(t *testing.T) *box {
	t.Helper()
	b := &box{t: t, dir: filepath.Join(t.TempDir(), "cache")}
	b.open(Config{})
	return b
}

// open opens the folder, again if need be. c says what differs from the usual.
func (b *box) open(c Config) *Store {
	b.t.Helper()
	if b.Store != nil {
		b.Close()
	}
	b.events = nil
	c.Dir, c.Report = b.dir, b.hear
	if c.Key == [32]byte{} {
		c.Key = secret
	}
	s, err := Open(c)
	if err != nil {
		b.t.Fatal(err)
	}
	s.free = func() (uint64, error) { return 1 << 40, nil }
	b.Store = s
	return s
}

func (b *box) hear(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

// file is the path of a binding's file.
func (b *box) file(digest, key string) string {
	return filepath.Join(b.dir, binding{digest, key}.name())
}

func (b *box) wantEvents(n int, rejected bool, reason string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.events) != n {
		b.t.Errorf("%d events, want %d: %+v", len(b.events), n, b.events)
	}
	for _, e := range b.events {
		if e.Rejected != rejected || !strings.Contains(e.Reason, reason) || strings.Contains(e.Reason, "\n") {
			b.t.Errorf("event %+v, want rejected %v and %q", e, rejected, reason)
		}
	}
}

func wantCode(t *testing.T, c runtimes.Cache, key, want string) {
	t.Helper()
	if got := c.Get(key); string(got) != want {
		t.Errorf("Get(%q) = %q, want %q", key, got, want)
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeepsCode(t *testing.T) {
	b := newBox(t)
	c := b.For("d1")
	wantCode(t, c, "k", "")
	c.Put("k", []byte("code"))
	wantCode(t, c, "k", "code")
	c.Put("k", []byte("other"))
	wantCode(t, c, "k", "other")
	c.Put("empty", nil)
	wantCode(t, c, "empty", "")
	wantCode(t, b.open(Config{}).For("d1"), "k", "other")
	wantCode(t, b.open(Config{ReadOnly: true}).For("d1"), "k", "other")
	b.wantEvents(0, false, "")
	for path, want := range map[string]os.FileMode{b.dir: 0o700 | os.ModeDir, b.file("d1", "k"): 0o600} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// Two bindings whose parts run together are two: each part goes with its length.
func TestBindingsAreApart(t *testing.T) {
	b := newBox(t)
	b.For("ab").Put("c", []byte("1"))
	b.For("a").Put("bc", []byte("2"))
	b.For("a").Put("worker/bc", []byte("3"))
	wantCode(t, b.For("ab"), "c", "1")
	wantCode(t, b.For("a"), "bc", "2")
	wantCode(t, b.For("a"), "worker/bc", "3")
	wantCode(t, b.For(""), "abc", "")
	wantCode(t, b.For("abc"), "", "")
}

// Each attack on a good file ends in no code, one report, a file that is gone, and a cache that works afterwards.
func TestRefusesFiles(t *testing.T) {
	edit := func(change func([]byte) []byte) func(b *box, p string) error {
		return func(_ *box, p string) error {
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			return os.WriteFile(p, change(data), 0o600)
		}
	}
	swap := func(digest, key string) func(b *box, p string) error {
		return func(b *box, p string) error { return os.Rename(b.file(digest, key), p) }
	}
	for _, tt := range []struct {
		name   string
		attack func(b *box, p string) error
		want   string
	}{
		{"empty", edit(func([]byte) []byte { return nil }), "cut"},
		{"header alone", edit(func(d []byte) []byte { return d[:headerSize] }), "cut"},
		{"cut by one byte", edit(func(d []byte) []byte { return d[:len(d)-1] }), "cut"},
		{"cut to the length of another code", edit(func(d []byte) []byte { d[len(magic)+7]--; return d[:len(d)-1] }), "MAC"},
		{"one byte more", edit(func(d []byte) []byte { return append(d, 0) }), "cut"},
		{"twice", edit(func(d []byte) []byte { return append(d, d...) }), "cut"},
		{"length near the end of numbers", edit(func(d []byte) []byte { d[len(magic)] = 0xff; return d }), "cut"},
		{"older version", edit(func(d []byte) []byte { d[len(magic)-1] = '0'; return d }), "version"},
		{"no MAC at all", edit(func(d []byte) []byte { clear(d[len(d)-hashSize:]); return d }), "MAC"},
		{"the file of the same plugin's other key", swap("d1", "k2"), "another plugin or another engine"},
		{"the file of another plugin", swap("d2", "k"), "another plugin or another engine"},
		{"the file of another plugin, its name edited in", func(b *box, p string) error {
			data, err := os.ReadFile(b.file("d2", "k"))
			if err != nil {
				return err
			}
			id := binding{"d1", "k"}.hash()
			copy(data[len(magic)+8:], id[:])
			return os.WriteFile(p, data, 0o600)
		}, "MAC"},
		{"sealed under another key", func(b *box, p string) error {
			return os.WriteFile(p, seal([32]byte{1}, binding{"d1", "k"}, []byte("evil")), 0o600)
		}, "MAC"},
		{"symbolic link to a good file", func(b *box, p string) error {
			return errors.Join(os.Rename(p, p+"-real"), os.Symlink(p+"-real", p))
		}, "not a regular file"},
		{"dangling link", func(b *box, p string) error { return errors.Join(os.Remove(p), os.Symlink("nowhere", p)) }, "not a regular file"},
		{"hard link to a good file", func(b *box, p string) error { return os.Link(p, filepath.Join(b.t.TempDir(), "x")) }, "more than one name"},
		{"pipe", func(b *box, p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o600)) }, "not a regular file"},
		{"folder", func(b *box, p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) }, "not a regular file"},
		{"too large to read", func(b *box, p string) error { return os.Truncate(p, MaxFile+1) }, "too large"},
		{"too large to exist", func(b *box, p string) error { return os.Truncate(p, 1<<42) }, "too large"},
		{"others may read", func(b *box, p string) error { return os.Chmod(p, 0o644) }, "mode 0644"},
		{"others may write", func(b *box, p string) error { return os.Chmod(p, 0o602) }, "mode 0602"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t)
			for _, f := range [][2]string{{"d1", "k"}, {"d1", "k2"}, {"d2", "k"}} {
				b.For(f[0]).Put(f[1], []byte("code of "+f[0]+f[1]))
			}
			do(t, tt.attack(b, b.file("d1", "k")))
			wantCode(t, b.For("d1"), "k", "")
			b.wantEvents(1, true, tt.want)
			if len(b.events) == 1 && (b.events[0].Plugin != "d1" || b.events[0].File != binding{"d1", "k"}.name()) {
				t.Errorf("event %+v", b.events[0])
			}
			if _, err := os.Lstat(b.file("d1", "k")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("it is still there: %v", err)
			}
			wantCode(t, b.For("d1"), "k", "")
			b.wantEvents(1, true, tt.want) // gone is gone
			b.For("d1").Put("k", []byte("compiled again"))
			wantCode(t, b.For("d1"), "k", "compiled again")
		})
	}
}

// Every bit counts.
func TestRefusesEveryFlippedBit(t *testing.T) {
	id := binding{"digest", "wazero/1.9.0/amd64"}
	good := seal(secret, id, []byte("machine code of a plugin"))
	if code, err := unseal(secret, id, good); err != nil || string(code) != "machine code of a plugin" {
		t.Fatalf("%q, %v", code, err)
	}
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			if code, err := unseal(secret, id, bad); err == nil {
				t.Fatalf("bit %d of byte %d: %q", bit, i, code)
			}
		}
		if code, err := unseal(secret, id, good[:i]); err == nil {
			t.Fatalf("cut to %d bytes: %q", i, code)
		}
	}
}

// What is handed on ends where the code ends: an engine that appends must not reach the MAC behind it.
func TestCodeHasNoRoomBehindIt(t *testing.T) {
	b := newBox(t)
	b.For("d").Put("k", []byte("code"))
	if code := b.For("d").Get("k"); cap(code) != len(code) {
		t.Errorf("%d bytes of room", cap(code)-len(code))
	}
}

func TestReadOnlyChangesNothing(t *testing.T) {
	b := newBox(t)
	b.For("d").Put("k", []byte("code"))
	path := b.file("d", "k")
	do(t, errors.Join(os.Truncate(path, 10), os.WriteFile(filepath.Join(b.dir, "foreign"), nil, 0o600)))
	c := b.open(Config{ReadOnly: true}).For("d")
	wantCode(t, c, "k", "")
	b.wantEvents(1, true, "cut")
	c.Put("k2", []byte("code"))
	wantCode(t, c, "k2", "")
	for _, p := range []string{path, filepath.Join(b.dir, "foreign")} {
		if _, err := os.Lstat(p); err != nil {
			t.Errorf("it removed %v", err)
		}
	}
	if _, err := Open(Config{Dir: filepath.Join(t.TempDir(), "missing"), ReadOnly: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestOpenRefusesFolders(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(path string) error
	}{
		{"open to enter", func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chmod(p, 0o711)) }},
		{"readable by others, as after chmod 644", func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chmod(p, 0o644)) }},
		{"writable by the group", func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chmod(p, 0o720)) }},
		{"link", func(p string) error { return errors.Join(os.Mkdir(p+"2", 0o700), os.Symlink(p+"2", p)) }},
		{"file", func(p string) error { return os.WriteFile(p, nil, 0o600) }},
		{"pipe", func(p string) error { return syscall.Mkfifo(p, 0o600) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cache")
			do(t, tt.make(path))
			for _, readOnly := range []bool{false, true} {
				if s, err := Open(Config{Dir: path, ReadOnly: readOnly}); !errors.Is(err, safefile.ErrUnsafe) {
					t.Errorf("read-only %v: %v, %v", readOnly, s, err)
				}
			}
		})
	}
	if _, err := Open(Config{Dir: filepath.Join(t.TempDir(), "no", "parent")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no parent: %v", err)
	}
}

// Many load at once, the same plugin too: nobody sees half a file, and a file that is replaced meanwhile is no attack.
func TestConcurrent(t *testing.T) {
	b := newBox(t)
	b.write = func(root *os.Root, name string, data []byte) error { // without the disk's pace, so that they meet
		return errors.Join(root.WriteFile(name+safefile.TempSuffix, data, 0o600), root.Rename(name+safefile.TempSuffix, name))
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c := b.For(fmt.Sprint("d", i%2))
			want := bytes.Repeat([]byte{byte(i % 2)}, 1<<10)
			for range 500 {
				if got := c.Get("k"); got != nil && !bytes.Equal(got, want) {
					t.Error("somebody else's code")
				}
				c.Put("k", want)
			}
		})
	}
	wg.Wait()
	b.wantEvents(0, true, "")
}
