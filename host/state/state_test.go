package state

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"bulkhead/host/safefile"
)

func open(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestOpenCreatesAClosedFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	d := open(t, path)
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if d.Path() != path || d.Join("x") != filepath.Join(path, "x") {
		t.Errorf("Path %q, Join %q", d.Path(), d.Join("x"))
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(path string) error
		want error
	}{
		{"readable by others", func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chmod(p, 0o755)) }, safefile.ErrUnsafe},
		{"writable by the group", func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chmod(p, 0o720)) }, safefile.ErrUnsafe},
		{"regular file", func(p string) error { return os.WriteFile(p, nil, 0o600) }, safefile.ErrUnsafe},
		{"FIFO", func(p string) error { return syscall.Mkfifo(p, 0o600) }, safefile.ErrUnsafe},
		{"symbolic link", func(p string) error {
			return errors.Join(os.Mkdir(p+"-real", 0o700), os.Symlink(p+"-real", p))
		}, safefile.ErrUnsafe},
		{"no parent", func(p string) error { return os.Remove(filepath.Dir(p)) }, os.ErrNotExist},
		{"lock is a link", func(p string) error {
			return errors.Join(os.Mkdir(p, 0o700), os.WriteFile(p+"-victim", nil, 0o600), os.Symlink(p+"-victim", filepath.Join(p, "lock")))
		}, nil},
		{"lock is a link inside", func(p string) error {
			return errors.Join(os.Mkdir(p, 0o700), os.WriteFile(filepath.Join(p, "log"), nil, 0o600), os.Symlink("log", filepath.Join(p, "lock")))
		}, safefile.ErrUnsafe},
		{"lock is a FIFO", func(p string) error {
			return errors.Join(os.Mkdir(p, 0o700), syscall.Mkfifo(filepath.Join(p, "lock"), 0o600))
		}, safefile.ErrUnsafe},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "parent", "state")
			if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), tt.make(path)); err != nil {
				t.Fatal(err)
			}
			if d, err := Open(path); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("Open = %v, %v; want %v", d, err, tt.want)
			}
		})
	}
}

func TestOneHostPerFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	first := open(t, path)
	_, err := Open(path)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())) {
		t.Fatalf("second Open: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

// The lock holds between processes too, and ends with its holder, however that ends.
func TestLockOfAnotherProcess(t *testing.T) {
	if path := os.Getenv("BULKHEAD_TEST_STATE"); path != "" {
		if _, err := Open(path); err != nil {
			os.Exit(3)
		}
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	path := filepath.Join(t.TempDir(), "state")
	other := func() *os.ProcessState {
		c := exec.Command(os.Args[0], "-test.run=^TestLockOfAnotherProcess$")
		c.Env = append(os.Environ(), "BULKHEAD_TEST_STATE="+path)
		c.Run()
		return c.ProcessState
	}
	if s := other(); s.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the other host could not take a free folder: %v", s)
	}
	open(t, path)
	if s := other(); s.ExitCode() != 3 {
		t.Errorf("the other host took a folder in use: %v", s)
	}
}

func TestReadWrite(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "state"))
	if _, err := d.Read("x", 10); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	for _, content := range []string{"first", "second", ""} {
		if err := d.Write("x", []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Read("x", 6); err != nil || string(got) != content {
			t.Errorf("read %q, %v", got, err)
		}
	}
	if info, err := os.Lstat(d.Join("x")); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := os.Lstat(d.Join("x.new")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("temporary file: %v", err)
	}
}

func TestWriteSurvivesWhatACrashLeft(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "state"))
	victim := filepath.Join(t.TempDir(), "victim")
	if err := errors.Join(os.WriteFile(victim, []byte("keep"), 0o600), os.Symlink(victim, d.Join("x.new"))); err != nil {
		t.Fatal(err)
	}
	if err := d.Write("x", []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(victim); string(got) != "keep" {
		t.Errorf("wrote through a link: %q", got)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(path string) error
	}{
		{"too large", func(p string) error { return os.WriteFile(p, make([]byte, 11), 0o600) }},
		{"readable by others", func(p string) error { return errors.Join(os.WriteFile(p, nil, 0o600), os.Chmod(p, 0o604)) }},
		{"link inside", func(p string) error { return errors.Join(os.WriteFile(p+"2", nil, 0o600), os.Symlink("x2", p)) }},
		{"link outside", func(p string) error { return os.Symlink("/etc/hostname", p) }},
		{"FIFO", func(p string) error { return syscall.Mkfifo(p, 0o600) }},
		{"folder", func(p string) error { return os.Mkdir(p, 0o700) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t, filepath.Join(t.TempDir(), "state"))
			if err := tt.make(d.Join("x")); err != nil {
				t.Fatal(err)
			}
			if got, err := d.Read("x", 10); err == nil {
				t.Errorf("read %q", got)
			}
		})
	}
	d := open(t, filepath.Join(t.TempDir(), "state"))
	if _, err := d.Read("../x", 10); err == nil {
		t.Error("read outside of the folder")
	}
	if err := d.Write("../x", nil); err == nil {
		t.Error("wrote outside of the folder")
	}
}
