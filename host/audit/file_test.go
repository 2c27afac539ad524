package audit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestOpenCreatesAPrivateFile(t *testing.T) {
	dir := t.TempDir()
	openIn(t, dir)
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestOpenRefusesWhatIsNoPlainFileOfOurs(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string) error
	}{
		{"directory", func(t *testing.T, path string) error { return os.Mkdir(path, 0o700) }},
		{"fifo", func(t *testing.T, path string) error { return unix.Mkfifo(path, 0o600) }},
		{"symlink", func(t *testing.T, path string) error {
			return os.Symlink(filepath.Join(t.TempDir(), "target"), path)
		}},
		{"hard link", func(t *testing.T, path string) error {
			other := path + ".other"
			return errors.Join(os.WriteFile(other, nil, 0o600), os.Link(other, path))
		}},
		{"writable by others", func(t *testing.T, path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o620))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.make(t, filepath.Join(dir, FileName)); err != nil {
				t.Fatal(err)
			}
			if l, err := openSoon(t, dir); err == nil {
				l.Close()
				t.Error("it was opened")
			}
		})
	}
	if _, err := Open(Config{Dir: filepath.Join(t.TempDir(), "missing")}); err == nil {
		t.Error("a missing directory was accepted")
	}
}

// openSoon is Open, which must not wait for anybody.
func openSoon(t *testing.T, dir string) (*Log, error) {
	t.Helper()
	type answer struct {
		log *Log
		err error
	}
	c := make(chan answer, 1)
	go func() {
		l, err := Open(Config{Dir: dir})
		c <- answer{l, err}
	}()
	select {
	case a := <-c:
		return a.log, a.err
	case <-time.After(10 * time.Second):
		t.Fatal("Open hangs")
		return nil, nil
	}
}

func TestReadersDoNotWaitForFIFOs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyFile(path, nil); err == nil {
		t.Error("a FIFO was verified")
	}
	if _, err := ReadHead(path); err == nil {
		t.Error("a head was read from a FIFO")
	}
}

func TestOneWriterAtATime(t *testing.T) {
	dir := t.TempDir()
	first := openIn(t, dir)
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Fatalf("second Open: %v", err)
	}
	mustAppend(t, first, note("x")) // the refused one took no lock away
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Fatalf("third Open: %v", err)
	}
	mustClose(t, first)
	openIn(t, dir)
}

func TestDisturbedFileFailsTheLog(t *testing.T) {
	for _, c := range []struct {
		name    string
		disturb func(path string) error
	}{
		{"deleted", os.Remove},
		{"cut", func(path string) error { return os.Truncate(path, 10) }},
		{"written by another", func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("x")
			return errors.Join(err, f.Close())
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			l := openIn(t, dir)
			mustAppend(t, l, note("a"))
			if err := c.disturb(filepath.Join(dir, FileName)); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Append(ctx, note("b")); !errors.Is(err, ErrFailed) {
				t.Fatalf("append: %v", err)
			}
			<-l.Failed()
		})
	}
}
