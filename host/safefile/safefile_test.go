package safefile

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func folder(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestRead(t *testing.T) {
	root := folder(t)
	for _, content := range []string{"", "abc"} {
		if err := root.WriteFile("f", []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
		data, info, err := Read(root, "f", 3)
		if err != nil || string(data) != content || info.Mode() != 0o640 {
			t.Fatalf("%q, %v, %v", data, info, err)
		}
		if uid, names, ok := Owner(info); !ok || uid != uint32(os.Geteuid()) || names != 1 {
			t.Errorf("uid %d, %d names, %v", uid, names, ok)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(root *os.Root, path string) error
		want error
	}{
		{"missing", func(*os.Root, string) error { return nil }, os.ErrNotExist},
		{"too large", func(r *os.Root, _ string) error { return r.WriteFile("f", make([]byte, 4), 0o600) }, ErrTooLarge},
		{"too large to allocate", func(_ *os.Root, p string) error {
			return errors.Join(os.WriteFile(p, nil, 0o600), os.Truncate(p, 1<<40))
		}, ErrTooLarge},
		{"link inside", func(r *os.Root, _ string) error {
			return errors.Join(r.WriteFile("g", nil, 0o600), r.Symlink("g", "f"))
		}, ErrIrregular},
		{"link outside", func(r *os.Root, _ string) error { return r.Symlink("/etc/hostname", "f") }, ErrIrregular},
		{"folder", func(r *os.Root, _ string) error { return r.Mkdir("f", 0o700) }, ErrIrregular},
		{"pipe", func(_ *os.Root, p string) error { return syscall.Mkfifo(p, 0o600) }, ErrIrregular},
		{"socket", func(_ *os.Root, p string) error {
			l, err := net.Listen("unix", p)
			if err == nil {
				t.Cleanup(func() { l.Close() })
			}
			return err
		}, ErrIrregular},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := folder(t)
			if err := c.make(root, filepath.Join(root.Name(), "f")); err != nil {
				t.Fatal(err)
			}
			if data, _, err := Read(root, "f", 3); !errors.Is(err, c.want) {
				t.Errorf("%q, %v; want %v", data, err, c.want)
			}
		})
	}
	if _, _, err := Read(folder(t), "../f", 3); err == nil {
		t.Error("read outside of the folder")
	}
}

// Somebody swaps the file for a link, and back, all the time: what is read is the file or nothing.
func TestReadWhileReplaced(t *testing.T) {
	root := folder(t)
	if err := errors.Join(root.WriteFile("good", []byte("good"), 0o600), root.WriteFile("evil", []byte("evil"), 0o600)); err != nil {
		t.Fatal(err)
	}
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-end:
				return
			default:
				root.Link("good", "next")
				root.Rename("next", "f")
				root.Symlink("evil", "next")
				root.Rename("next", "f")
				root.Remove("next")
			}
		}
	}()
	for start := time.Now(); time.Since(start) < 200*time.Millisecond; {
		if data, _, err := Read(root, "f", 10); err == nil && string(data) != "good" {
			t.Fatalf("read %q", data)
		}
	}
	close(end)
	<-done
}

func TestReadSize(t *testing.T) {
	for _, c := range []struct {
		name        string
		content     string
		size, limit int64
		want        error
	}{
		{"as announced", "abc", 3, 3, nil},
		{"empty", "", 0, 0, nil},
		{"grew", "abcd", 3, 9, ErrChanged},
		{"announced empty, as in /proc", "abcd", 0, 9, ErrChanged},
		{"shrank", "ab", 3, 9, ErrChanged},
		{"over the limit", "abc", 3, 2, ErrTooLarge},
	} {
		data, err := readSize(strings.NewReader(c.content), c.size, c.limit)
		if !errors.Is(err, c.want) || err == nil && string(data) != c.content {
			t.Errorf("%s: %q, %v", c.name, data, err)
		}
	}
}

// A real file that grows while it is read.
func TestReadGrowingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := readSize(&growing{f}, 1<<20, 1<<24); !errors.Is(err, ErrChanged) {
		t.Errorf("%v", err)
	}
}

// growing appends a byte to its file before every read.
type growing struct{ *os.File }

func (g *growing) Read(p []byte) (int, error) {
	info, err := g.File.Stat()
	if err == nil {
		_, err = g.File.WriteAt([]byte{1}, info.Size())
	}
	if err != nil {
		return 0, err
	}
	return g.File.Read(p)
}

func TestReason(t *testing.T) {
	_, err := os.Open(filepath.Join(t.TempDir(), "missing"))
	if got := Reason(err); got != "no such file or directory" {
		t.Errorf("%q", got)
	}
	if got := Reason(fs.ErrInvalid); got != "invalid argument" {
		t.Errorf("%q", got)
	}
}
