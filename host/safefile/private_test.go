package safefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestOwner(t *testing.T) {
	for _, tt := range []struct {
		name        string
		owner, self uint32
		mode        os.FileMode
		ok          bool
	}{
		{"own and closed", 7, 7, 0o700, true},
		{"somebody's", 8, 7, 0o700, false},
		{"root's, host is not root", 0, 7, 0o700, false},
		{"somebody's, host is root", 7, 0, 0o700, false},
		{"open to enter", 7, 7, 0o701, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := ownedAndClosed("folder", tt.owner, tt.self, tt.mode); (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

// nobodys is a file of which the system tells no owner.
type nobodys struct{ fs.FileInfo }

func (nobodys) Sys() any { return nil }

func TestPrivateWithoutOwner(t *testing.T) {
	if err := Private("x", nobodys{}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("%v", err)
	}
}

func TestOpenPrivate(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(path string) error
		want error
	}{
		{"own and closed", func(p string) error { return os.Mkdir(p, 0o700) }, nil},
		{"missing", func(string) error { return nil }, os.ErrNotExist},
		{"open to enter", func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chmod(p, 0o711)) }, ErrUnsafe},
		{"link to one that is closed", func(p string) error {
			return errors.Join(os.Mkdir(p+"-real", 0o700), os.Symlink(p+"-real", p))
		}, ErrUnsafe},
		{"file", func(p string) error { return os.WriteFile(p, nil, 0o600) }, ErrUnsafe},
		{"pipe", func(p string) error { return syscall.Mkfifo(p, 0o600) }, ErrUnsafe},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			if err := tt.make(path); err != nil {
				t.Fatal(err)
			}
			root, err := OpenPrivate(path)
			if !errors.Is(err, tt.want) {
				t.Fatalf("%v, want %v", err, tt.want)
			}
			if root != nil {
				root.Close()
			}
		})
	}
}

func TestReplace(t *testing.T) {
	root := folder(t)
	victim := filepath.Join(t.TempDir(), "victim")
	if err := errors.Join(os.WriteFile(victim, []byte("keep"), 0o600), root.Symlink(victim, "f"), root.Symlink(victim, "f"+TempSuffix)); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"first", "", "second"} {
		if err := Replace(root, "f", []byte(content)); err != nil {
			t.Fatal(err)
		}
		data, info, err := Read(root, "f", 10)
		if err != nil || string(data) != content || info.Mode() != 0o600 {
			t.Errorf("%q, %v, %v", data, info, err)
		}
	}
	if got, _ := os.ReadFile(victim); string(got) != "keep" {
		t.Errorf("wrote through a link: %q", got)
	}
}

// What Replace could not finish takes no room afterwards.
func TestReplaceCleansUp(t *testing.T) {
	root := folder(t)
	if err := errors.Join(root.Mkdir("f", 0o700), root.WriteFile("f/x", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := Replace(root, "f", []byte("x")); err == nil {
		t.Error("replaced a folder that is not empty")
	}
	if _, err := root.Lstat("f" + TempSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary file is still there: %v", err)
	}
	if err := Replace(root, "../f", nil); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("wrote outside of the folder: %v", err)
	}
}
